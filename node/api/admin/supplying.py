"""Admin commands: what suppliers may see of a member's sales, and reports to them, for the command line."""

from __future__ import annotations

from typing import Any

from node import supplying
from node.api.admin.command import Ask, Command, tell
from node.api.admin.desk import member_of, partner_of
from node.api.context import Context
from node.services import access
from node.services.supplying import grants
from node.services.transaction import Tx

BY = "yui pos grant"


class Partner(Ask, frozen=True, kw_only=True):
    """A partner of a member (empty: the only one of this node)."""

    partner: str
    member: str = ""


class Grant(Partner, frozen=True, kw_only=True):
    """``since``: YYYY-MM-DD, empty for today; ``prices``, ``stores``: shown too."""

    since: str = ""
    prices: bool = False
    stores: bool = False


class Member(Ask, frozen=True, kw_only=True):
    """A member (empty: the only one of this node)."""

    member: str = ""


class Area(Member, frozen=True, kw_only=True):
    """Where a store is; ``store`` empty: all that are not named. ``area``: code, two digits or five."""

    area: str
    store: str = ""


def _shown(given: grants.Given) -> dict[str, Any]:
    row = given.row
    return {
        "partner": row.partner.hex(), "partner_name": given.partner_name, "since": row.since, "prices": row.prices,
        "stores": row.stores, "active": row.active, "changed": row.changed, "by": row.by,
    }  # fmt: skip


def _one(tx: Tx, member: bytes, partner: bytes) -> dict[str, Any]:
    return next(_shown(one) for one in grants.listed(tx, member) if one.row.partner == partner)


def grant(context: Context, ask: Grant) -> Any:
    """Let a supplier see the sales of its goods."""

    def work(tx: Tx) -> dict[str, Any]:
        member, partner = member_of(tx, ask.member), partner_of(tx, ask.partner)
        since = ask.since or supplying.today(context.house).isoformat()
        grants.grant(context.house, tx, member, partner, since, BY, prices=ask.prices, stores=ask.stores)
        access.note(context.house, tx, "sales-granted", member=member, name=BY, detail=partner.hex())
        return _one(tx, member, partner)

    return context.commit(work)


def revoke(context: Context, ask: Partner) -> Any:
    """Stop it, at once."""

    def work(tx: Tx) -> dict[str, Any]:
        member, partner = member_of(tx, ask.member), partner_of(tx, ask.partner)
        grants.revoke(context.house, tx, member, partner, BY)
        access.note(context.house, tx, "sales-revoked", member=member, name=BY, detail=partner.hex())
        return _one(tx, member, partner)

    return context.commit(work)


def listed(context: Context, ask: Member) -> Any:
    """Grants, where stores are, and what went out."""

    def work(tx: Tx) -> dict[str, Any]:
        member = member_of(tx, ask.member)
        told = [
            {
                "partner": one.row.partner.hex(), "partner_name": one.partner_name, "week": one.row.week,
                "lines": one.row.lines, "prices": one.row.prices, "stores": one.row.stores, "time": one.row.time,
                "document": one.row.document.hex(),
            }
            for one in grants.told(tx, member)
        ]  # fmt: skip
        shown = [_shown(one) for one in grants.listed(tx, member)]
        return {"grants": shown, "areas": grants.areas(tx, member), "told": told}

    return context.store.read(work)


def report(context: Context, ask: Partner) -> Any:
    """Send what is not told yet, now."""
    member, partner = context.store.read(lambda tx: (member_of(tx, ask.member), partner_of(tx, ask.partner)))
    done = supplying.report(context.house, context.store, context.warehouse, member, partner, now=True)
    if done is not None:
        tell(context, done.news)
    return {"reports": [] if done is None else [one.id.hex() for one in done.submitted]}


def area(context: Context, ask: Area) -> Any:
    """Say where a store is."""

    def work(tx: Tx) -> dict[str, Any]:
        member = member_of(tx, ask.member)
        grants.set_area(tx, member, ask.store, ask.area)
        return {"areas": grants.areas(tx, member)}

    return context.commit(work)


COMMANDS = (
    Command("pos.grant", Grant, grant, offline=True),
    Command("pos.revoke", Partner, revoke, offline=True),
    Command("pos.grants", Member, listed, offline=True),
    Command("pos.report", Partner, report, offline=True),
    Command("pos.area", Area, area, offline=True),
)
