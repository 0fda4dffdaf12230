"""Admin commands: items, terms, books and payments of a local member, for the command line."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from node import bookarchive
from node.api.admin.command import Ask, Command, local_member, readable_member
from node.api.admin.documents import member_or_only
from node.api.context import Context
from node.api.member.books import BillShown, payment, plain
from node.i18n import translations
from node.services import addressing, booking, books, items, payments, terms
from node.services.books import Asked
from node.services.items import Kept, OwnItem
from node.services.payments import Mark
from node.services.terms import PartnerTerms
from node.services.transaction import Tx
from protocol.errors import CallerFault


class Member(Ask, frozen=True, kw_only=True):
    """``member`` empty: the only one of this node."""

    member: str = ""


class Items(Member, frozen=True, kw_only=True):
    """``text``: in number, JAN, name or kana."""

    text: str = ""
    after: str = ""
    limit: int = 50


class ItemsGiven(Member, frozen=True, kw_only=True):
    """Items to add or replace by number."""

    items: list[OwnItem]


class ItemNamed(Member, frozen=True, kw_only=True):
    """One item."""

    number: str


class Partner(Member, frozen=True, kw_only=True):
    """A partner by id, first digits of it, corporate number or exact name."""

    partner: str


class TermsGiven(Partner, frozen=True, kw_only=True):
    """Fields of the terms that change; the others stay."""

    fields: dict[str, Any]


class Search(Member, frozen=True, kw_only=True):
    """The question to the books; ``partner`` as in :class:`Partner`."""

    since: str = ""
    until: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    currency: str = ""
    partner: str = ""
    type: str = ""
    direction: str = ""
    number: str = ""
    sort: str = "day"
    oldest: bool = False
    behind: str = ""
    limit: int = 50


class Archive(Search, frozen=True, kw_only=True):
    """Files of the documents found: a page of them at a time."""

    forms: tuple[str, ...] = ("pdf", "proof")
    lang: str = "ja"


class DueAsked(Member, frozen=True, kw_only=True):
    """``side``: payable or receivable; ``until``: due at the latest then."""

    side: str = "payable"
    until: str = ""


class Paid(Member, frozen=True, kw_only=True):
    """A bill by its number that was paid; ``partner`` where two have that number; ``amount`` None: all of it."""

    number: str
    day: str
    by: str
    amount: int | None = None
    partner: str = ""
    note: str = ""


class Undo(Member, frozen=True, kw_only=True):
    """A payment by its id or the first digits of it."""

    payment: str
    by: str


def partner_of(tx: Tx, text: str) -> bytes:
    return addressing.resolve_loosely(tx, text, "partner") if text else b""


def member_of(tx: Tx, text: str) -> bytes:
    return local_member(tx, text) if text else member_or_only(tx, "")


def _reader(tx: Tx, text: str) -> bytes:
    return readable_member(tx, text) if text else member_or_only(tx, "")


def _item(kept: Kept) -> dict[str, Any]:
    return {"item": msgspec.to_builtins(kept.item), "version": kept.version, "updated": kept.updated}


def list_items(context: Context, ask: Items) -> list[dict[str, Any]]:
    """Items by number."""
    return context.store.read(
        lambda tx: [_item(one) for one in items.search(tx, member_of(tx, ask.member), ask.text, ask.limit, ask.after)]
    )


def put_items(context: Context, ask: ItemsGiven) -> list[dict[str, Any]]:
    """Add or replace items."""
    return context.commit(
        lambda tx: [_item(one) for one in items.put(context.house, tx, member_of(tx, ask.member), ask.items)]
    )


def drop_item(context: Context, ask: ItemNamed) -> dict[str, Any]:
    """Forget an item."""
    context.commit(lambda tx: items.drop(tx, member_of(tx, ask.member), ask.number))
    return {"number": ask.number}


def show_terms(context: Context, ask: Partner) -> dict[str, Any]:
    """The terms with a partner."""

    def work(tx: Tx) -> dict[str, Any]:
        partner = partner_of(tx, ask.partner)
        return _terms(partner, terms.of(tx, member_of(tx, ask.member), partner))

    return context.store.read(work)


def _terms(partner: bytes, found: PartnerTerms) -> dict[str, Any]:
    return {"partner": partner.hex(), "terms": terms.plain(found)}


def put_terms(context: Context, ask: TermsGiven) -> dict[str, Any]:
    """Change some of the terms with a partner."""

    def work(tx: Tx) -> dict[str, Any]:
        member, partner = member_of(tx, ask.member), partner_of(tx, ask.partner)
        fields = {**msgspec.to_builtins(terms.of(tx, member, partner)), **ask.fields}
        new = terms.parse(msgspec.json.encode({name: value for name, value in fields.items() if value is not None}))
        terms.put(context.house, tx, member, partner, new)
        return _terms(partner, new)

    return context.commit(work)


def _asked(tx: Tx, ask: Search) -> Asked:
    return Asked(
        ask.since, ask.until, ask.amount_min, ask.amount_max, ask.currency, partner_of(tx, ask.partner), ask.type,
        ask.direction, ask.number, ask.sort, not ask.oldest,
    )  # fmt: skip


def search(context: Context, ask: Search) -> dict[str, Any]:
    """A page of the books, with the totals of all that is found."""

    def work(tx: Tx) -> dict[str, Any]:
        member, asked = _reader(tx, ask.member), _asked(tx, ask)
        page = books.search(tx, member, asked, ask.limit, ask.behind)
        totals = [total._asdict() for total in books.totals(tx, member, asked)]
        return {"lines": [plain(line) for line in page.lines], "totals": totals, "next": page.next}

    return context.store.read(work)


def archive(context: Context, ask: Archive) -> dict[str, Any]:
    """A page of documents with files (base64) and lines of the index; without ``behind`` its heading too."""
    unknown = [form for form in ask.forms if form not in bookarchive.FORMS]
    if unknown:
        raise CallerFault("forms", f"{unknown[0][:20]!r} is none of {', '.join(bookarchive.FORMS)}")

    def work(tx: Tx) -> tuple[bytes, books.Page]:
        member = _reader(tx, ask.member)
        return member, books.search(tx, member, _asked(tx, ask), min(ask.limit, 20), ask.behind)

    member, page = context.store.read(work)
    say = translations(ask.lang).gettext
    wish = bookarchive.Wish(ask.forms, ask.lang, say)
    found, rows = [], [] if ask.behind else [[say(column) for column in bookarchive.COLUMNS]]
    for line in page.lines:
        files = bookarchive.files_of(context, member, line, wish)
        rows.append(bookarchive.index_row(line, files, say))
        found += [{"name": file.name, "content": base64.b64encode(file.content).decode()} for file in files]
    return {"files": found, "rows": rows, "documents": len(page.lines), "next": page.next}


def due(context: Context, ask: DueAsked) -> list[dict[str, Any]]:
    """Open bills by bank day."""
    if ask.side not in ("payable", "receivable"):
        raise CallerFault("side", "payable or receivable")
    today = booking.day_of(context.house.clock())
    found = context.store.read(
        lambda tx: books.due(tx, member_of(tx, ask.member), today, receivable=ask.side == "receivable", until=ask.until)
    )
    return [
        {
            "bill": msgspec.to_builtins(BillShown(**plain(one.bill))),
            "partner_name": one.partner_name,
            "pay_on": one.pay_on,
            "overdue": one.overdue,
        }
        for one in found
    ]


def paid(context: Context, ask: Paid) -> list[dict[str, Any]]:
    """Write down that a bill was paid."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        member, partner = member_of(tx, ask.member), partner_of(tx, ask.partner)
        mark = _only_bill(tx, member, partner, ask)
        rows = payments.mark_paid(context.house, tx, member, ask.by, [mark], ask.day, ask.note)
        return [msgspec.to_builtins(payment(row)) for row in rows]

    return context.commit(work)


def _only_bill(tx: Tx, member: bytes, partner: bytes, ask: Paid) -> Mark:
    """The open bill of that number. CallerFault if there is none, or if there are several."""
    bills = [
        row
        for receivable in (False, True)
        for row in tx.books.open_bills(member, receivable=receivable)
        if row.number == ask.number and partner in (b"", row.partner)
    ]
    if not bills:
        raise CallerFault("number", "no open bill has this number")
    if len(bills) > 1:
        raise CallerFault("number", "several open bills have this number: name the partner")
    return Mark(bills[0].thread, bills[0].kind, bills[0].number, ask.amount)


def undo(context: Context, ask: Undo) -> dict[str, Any]:
    """Take a payment back."""

    def work(tx: Tx) -> dict[str, Any]:
        member = member_of(tx, ask.member)
        rows = [row for row in tx.books.payments(member, books.MAX_LIMIT) if row.id.hex().startswith(ask.payment)]
        if len(ask.payment) < 8 or len(rows) != 1:
            raise CallerFault("payment", "at least 8 digits of the id of one payment")
        found: dict[str, Any] = msgspec.to_builtins(
            payment(payments.undo(context.house, tx, member, ask.by, rows[0].id))
        )
        return found

    return context.commit(work)


def log(context: Context, ask: Member) -> list[dict[str, Any]]:
    """What was marked and taken back."""
    return context.store.read(
        lambda tx: [msgspec.to_builtins(payment(row)) for row in payments.log(tx, member_of(tx, ask.member))]
    )


COMMANDS = (
    Command("item.list", Items, list_items, offline=True),
    Command("item.put", ItemsGiven, put_items, offline=True),
    Command("item.drop", ItemNamed, drop_item, offline=True),
    Command("terms.show", Partner, show_terms, offline=True),
    Command("terms.put", TermsGiven, put_terms, offline=True),
    Command("books.search", Search, search, offline=True),
    Command("books.archive", Archive, archive, offline=True),
    Command("payments.list", DueAsked, due, offline=True),
    Command("payments.paid", Paid, paid, offline=True),
    Command("payments.undo", Undo, undo, offline=True),
    Command("payments.log", Member, log, offline=True),
)
