"""Admin commands: a month's closings, enquiries, partners without a node, bank files, for the command line."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from node.api.admin.command import Ask, Command
from node.api.admin.desk import member_of, partner_of
from node.api.context import Context
from node.api.member import closings, enquiries, transfers
from node.api.member.desk import Language
from node.api.member.guests import shown as guest_shown
from node.papers.pdf import Monthly
from node.services import booking, closing, guests, monthly
from node.services import enquiries as asking
from node.services import transfers as moving
from node.services.guests import Addresses
from node.services.transaction import Tx
from protocol.errors import NotFound


class Mine(Ask, frozen=True, kw_only=True):
    """``member`` empty: the only one of this node."""

    member: str = ""


class Month(Mine, frozen=True, kw_only=True):
    """``month``: YYYY-MM."""

    month: closings.MonthText


class Statement(Month, frozen=True, kw_only=True):
    """The list of one partner's closing; ``pdf``: as a PDF in ``lang`` too."""

    partner: str
    side: closings.Side = "sales"
    lang: Language = "ja"
    pdf: bool = False


class Named(Mine, frozen=True, kw_only=True):
    """At least 8 digits of an id."""

    id: str


class GuestAdded(Mine, frozen=True, kw_only=True):
    """A partner outside the association."""

    name: str
    addresses: Addresses = Addresses()


def _found(ids: list[bytes], text: str) -> bytes:
    """The one id that begins so. NotFound for none or several."""
    fitting = [one for one in ids if len(text) >= 8 and one.hex().startswith(text)]
    if len(fitting) != 1:
        raise NotFound("id", f"{text[:40]} names none or several")
    return fitting[0]


def list_closings(context: Context, ask: Month) -> list[dict[str, Any]]:
    """A month's closings with every partner."""
    today = booking.day_of(context.house.clock())
    rows = context.store.read(lambda tx: closing.month(tx, member_of(tx, ask.member), ask.month, today))
    return [msgspec.to_builtins(closings.line(one)) for one in rows]


def statement(context: Context, ask: Statement) -> dict[str, Any]:
    """What was billed in a closing, with the sums of each rate."""

    def work(tx: Tx) -> list[Monthly]:
        member, partner = member_of(tx, ask.member), partner_of(tx, ask.partner)
        selling = ask.side == "sales"
        return monthly.of_closing(context.house, tx, member, partner, ask.month, selling=selling, language=ask.lang)

    found = context.store.read(work)
    data = base64.b64encode(context.pdf.monthly(found)).decode() if ask.pdf else ""
    return {"lists": [msgspec.to_builtins(closings.shown(one)) for one in found], "pdf": data}


def list_enquiries(context: Context, ask: Mine) -> list[dict[str, Any]]:
    """Enquiries, latest first."""
    rows = context.store.read(lambda tx: asking.listed(tx, member_of(tx, ask.member)))
    return [msgspec.to_builtins(enquiries.line(one)) for one in rows]


def show_enquiry(context: Context, ask: Named) -> dict[str, Any]:
    """The answers side by side."""
    today = booking.day_of(context.house.clock())

    def work(tx: Tx) -> asking.Enquiry:
        member = member_of(tx, ask.member)
        known = [one.row.id for one in asking.listed(tx, member)]
        return asking.look(tx, member, _found(known, ask.id), today)

    return dict(msgspec.to_builtins(enquiries.shown(context.store.read(work))))


def list_guests(context: Context, ask: Mine) -> list[dict[str, Any]]:
    """Partners without a node."""
    rows = context.store.read(lambda tx: guests.of(tx, member_of(tx, ask.member)))
    return [msgspec.to_builtins(guest_shown(one)) for one in rows]


def add_guest(context: Context, ask: GuestAdded) -> dict[str, Any]:
    """Add one."""

    def work(tx: Tx) -> guests.Guest:
        member = member_of(tx, ask.member)
        return guests.require(tx, member, guests.add(context.house, tx, member, ask.name, ask.addresses))

    return dict(msgspec.to_builtins(guest_shown(context.commit(work))))


def list_transfers(context: Context, ask: Mine) -> list[dict[str, Any]]:
    """Bank files, latest first."""
    rows = context.store.read(lambda tx: moving.files(tx, member_of(tx, ask.member)))
    return [msgspec.to_builtins(transfers.shown(one)) for one in rows]


def take_transfer(context: Context, ask: Named) -> dict[str, Any]:
    """The bytes of one."""

    def work(tx: Tx) -> moving.Made:
        member = member_of(tx, ask.member)
        return moving.file(tx, member, _found([one.id for one in moving.files(tx, member)], ask.id))

    made = context.store.read(work)
    return {**msgspec.to_builtins(transfers.shown(made)), "data": base64.b64encode(made.record.data).decode()}


COMMANDS = (
    Command("closing.list", Month, list_closings, offline=True),
    Command("closing.statement", Statement, statement, offline=True),
    Command("enquiry.list", Mine, list_enquiries, offline=True),
    Command("enquiry.show", Named, show_enquiry, offline=True),
    Command("guest.list", Mine, list_guests, offline=True),
    Command("guest.add", GuestAdded, add_guest, offline=True),
    Command("transfer.list", Mine, list_transfers, offline=True),
    Command("transfer.file", Named, take_transfer, offline=True),
)
