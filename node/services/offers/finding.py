"""Finding offers and requests of all members that are known here: by words and filters, with how fresh they are.

Everything is looked up in this node's own copy: no question leaves the house.
"""

from __future__ import annotations

import datetime
from typing import Final, NamedTuple

import msgspec

from node.services.house import House
from node.services.offers import holding
from node.store import Tx
from node.store.offers import Asked
from node.store.offers import OfferRow as OfferRow  # noqa: PLC0414 - pages know it from here
from protocol.errors import CallerFault, NotFound
from protocol.limits import MAX_SEARCH_CHARS
from protocol.offer import fields
from protocol.offer.kinds import KINDS, Side

MAX_FOUND: Final = 100


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for; empty fields do not narrow. ``area``: 2 digits, or 5 or 6. ``before``: to page on."""

    text: str = ""
    kind: str = ""
    side: str = ""
    area: str = ""
    industry: str = ""
    starts: str = ""
    ends: str = ""
    before: int = 2**62
    limit: int = 50


class Page(NamedTuple):
    """``next``: ``before`` of the next page, 0 at the end."""

    rows: list[OfferRow]
    next: int


class Source(NamedTuple):
    """An association whose offers are searched here: when it was heard last (µs UTC, 0: never), and how many."""

    node: bytes
    told: int
    series: int
    bytes: int
    refused: int
    reason: str


def search(house: House, tx: Tx, wanted: Wanted) -> Page:
    """Open offers and requests, the latest first. CallerFault names what cannot be looked for."""
    _check(wanted)
    limit = max(1, min(wanted.limit, MAX_FOUND))
    tags = []
    if wanted.kind:
        tags.append(holding.tag("k", wanted.kind))
    if wanted.side:
        tags.append(holding.tag("s", wanted.side))
    if wanted.area:
        tags.append(holding.tag("p" if len(wanted.area) == 2 else "a", wanted.area[:5]))
    if wanted.industry:
        tags.append(holding.tag("i", wanted.industry))
    asked = Asked(
        words=wanted.text,
        tags=tuple(tags),
        starts=_day(wanted.starts, "starts", 0),
        ends=_day(wanted.ends, "ends", holding.ALWAYS),
    )
    rows = tx.offers.find(asked, house.clock(), limit + 1, wanted.before)
    return Page(rows[:limit], rows[limit - 1].position if len(rows) > limit else 0)


def _check(wanted: Wanted) -> None:
    if len(wanted.text) > MAX_SEARCH_CHARS:
        raise CallerFault("q", f"at most {MAX_SEARCH_CHARS} characters")
    if wanted.kind and wanted.kind not in KINDS:
        raise CallerFault("kind", f"one of {', '.join(KINDS)}")
    if wanted.side and wanted.side not in {side.value for side in Side}:
        raise CallerFault("side", "offer or request")
    if wanted.area and not fields.is_area(wanted.area):
        raise CallerFault("area", "a code of a prefecture (2 digits) or municipality (5 or 6)")
    if wanted.industry and not fields.is_industry(wanted.industry):
        raise CallerFault("industry", "a code of JSIC")
    if wanted.starts and wanted.ends and wanted.ends < wanted.starts:
        raise CallerFault("ends", "not before it starts")


def _day(text: str, name: str, empty: int) -> int:
    try:
        return datetime.date.fromisoformat(text).toordinal() if text else empty
    except ValueError:
        raise CallerFault(name, "a day of the calendar, YYYY-MM-DD") from None


def one(house: House, tx: Tx, series: bytes, reader: bytes | None = None) -> OfferRow:
    """An offer that may be seen here; a member sees its own also when it has ended. NotFound otherwise."""
    row = tx.offers.get(series)
    if row is not None and reader is not None and row.member == reader:
        return row
    if row is None or not row.shown or row.withdrawn or row.expires <= house.clock():
        raise NotFound("offer", "no such offer, or it has ended")
    return row


def resolve(tx: Tx, text: str) -> bytes:
    """The series of that id or of its first digits."""
    text = text.strip().lower()
    if not 8 <= len(text) <= 64 or any(c not in "0123456789abcdef" for c in text):
        raise CallerFault("offer", "an id: 8 to 64 hexadecimal digits")
    found = tx.offers.beginning(bytes.fromhex(text.ljust(64, "0")), bytes.fromhex(text.ljust(64, "f")) + b"\0")
    if len(found) > 1:
        raise CallerFault("offer", "several offers begin so: give more digits")
    if not found:
        raise NotFound("offer", "no such offer, or it has ended")
    return found[0].series


def name_of(tx: Tx, member: bytes) -> str:
    """The firm's name, as its card or our own list has it."""
    card = tx.cards.get(member)
    if card is not None:
        return card.name
    row = tx.members.get(member)
    return row.name if row is not None and row.name else member.hex()[:12]


def sources(tx: Tx) -> list[Source]:
    """Every accepted peer and how fresh what it told is."""
    told = {row.node: row for row in tx.offers.peers()}
    found = []
    for peer in tx.peers.all():
        if peer.state == "accepted":
            at = told.get(peer.node)
            found.append(
                Source(peer.node, at.told, at.series, at.bytes, at.refused, at.reason)
                if at is not None
                else Source(peer.node, 0, 0, 0, 0, "")
            )
    return found


def as_of(house: House, tx: Tx, row: OfferRow) -> int:
    """When it was last certain that a row is what its author says: µs UTC."""
    return house.clock() if row.node == house.id else tx.offers.peer(row.node).told


def by_prefecture(house: House, tx: Tx) -> dict[str, int]:
    """How much is open, by prefecture."""
    return tx.offers.by_prefecture(house.clock())
