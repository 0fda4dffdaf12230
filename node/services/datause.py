"""Data use: which figures of a member may be counted in which sums, by its own choice, and what was counted when.

Owns the choices, nothing is allowed until an owner says so, and the list of uses that every member can read. What is
counted, and what may be shown of it, is decided by whoever counts (:mod:`node.services.area`, the sales reports, the
questions between regions): each asks :func:`contributors` first and says :func:`note_use` after. Its own figures a
member always sees; that needs no choice. Source: issue of shared sales, row M12; 個人情報・営業秘密 as a promise to
members: withdrawn at once, for every sum that is made from then on; what was shown before is not taken back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from node.services import members
from node.services.house import House
from node.store import ChoiceRow, Tx, UseRow
from protocol import canon
from protocol.errors import CallerFault
from protocol.identity import card as cards

MAX_STREET_CHARS: Final = 60
MAX_USES_SHOWN: Final = 200


class Data(StrEnum):
    """Which figures."""

    SALES = "sales"  # lines of registers
    DEALINGS = "dealings"  # orders and bills


class Reach(StrEnum):
    """In whose sums."""

    STREET = "street"  # beside the other shops of one street, within one association
    AREA = "area"  # of the municipality, within one association
    FEDERATION = "federation"  # of several associations, by masked questions


#: What can be chosen: dealings are never compared within one street, where everybody knows everybody.
CHOICES: Final = (
    (Data.SALES, Reach.STREET),
    (Data.SALES, Reach.AREA),
    (Data.SALES, Reach.FEDERATION),
    (Data.DEALINGS, Reach.AREA),
    (Data.DEALINGS, Reach.FEDERATION),
)


class Contributor(NamedTuple):
    """A member whose figures count. ``unit``: the company, by which sums are judged: branches with one corporate number
    are one. ``street``: as its owner wrote it; ``area``: code of the municipality (全国地方公共団体コード) and
    ``industry``: JSIC, from its card; all may be empty."""

    member: bytes
    unit: str
    street: str
    area: str
    industry: str


class Use(NamedTuple):
    """A sum in which a member's figures counted. ``day``: YYYY-MM-DD (UTC)."""

    day: str
    data: str
    reach: str
    asker: str
    what: str


def chosen(tx: Tx, member: bytes) -> frozenset[tuple[Data, Reach]]:
    """What a member allows now."""
    latest = {(row.data, row.reach): row.allowed for row in tx.data_use.of(member)}
    return frozenset(choice for choice in CHOICES if latest.get((choice[0].value, choice[1].value)))


def choose(house: House, tx: Tx, member: bytes, allowed: Iterable[tuple[Data, Reach]], by: str) -> bool:
    """Replace what a member allows; whether that changed anything. Each change is kept with its time and its author.

    CallerFault for what cannot be chosen.
    """
    members.require_local(tx, member)
    wanted, before, now = frozenset(allowed), chosen(tx, member), house.clock()
    for data, reach in wanted - frozenset(CHOICES):
        raise CallerFault("allowed", f"{data}/{reach}: cannot be chosen")
    for choice in sorted(wanted ^ before):
        tx.data_use.choose(ChoiceRow(member, choice[0].value, choice[1].value, now, choice in wanted, by))
    return wanted != before


def street_of(tx: Tx, member: bytes) -> str:
    """The street that a member's owner named; empty if none."""
    return tx.data_use.streets().get(member, "")


def streets(tx: Tx) -> tuple[str, ...]:
    """The streets that members named, sorted: one is offered to the next member in the same writing."""
    return tuple(sorted({street for street in tx.data_use.streets().values() if street}))


def set_street(tx: Tx, member: bytes, street: str) -> None:
    """Name the street in which a member's shop stands. CallerFault if it is too long or holds control characters."""
    members.require_local(tx, member)
    name = " ".join(unicodedata.normalize("NFKC", street).split())
    if len(name) > MAX_STREET_CHARS or not name.isprintable():
        raise CallerFault("street", f"at most {MAX_STREET_CHARS} characters")
    tx.data_use.set_street(member, name)


def contributors(tx: Tx, data: Data, reach: Reach) -> Mapping[bytes, Contributor]:
    """The local members, not suspended, whose ``data`` may be counted in sums of ``reach`` now."""
    allowed = {row.member: row.allowed for row in tx.data_use.choices(data.value, reach.value)}
    local = {row.member for row in tx.members.all(local=True) if not row.suspended}
    named = tx.data_use.streets()
    return {
        member: _contributor(tx, member, named.get(member, ""))
        for member in sorted(local)
        if allowed.get(member, False)
    }


def _contributor(tx: Tx, member: bytes, street: str) -> Contributor:
    row = tx.cards.get(member)
    card = cards.parse(row.wire) if row is not None else None
    if card is None:
        return Contributor(member, member.hex(), street, "", "")
    return Contributor(member, card.corporate_number or member.hex(), street, card.area, card.industry)


def note_use(house: House, tx: Tx, data: Data, reach: Reach, asker: str, what: str) -> None:
    """Write down that sums were made: one line for each day, asker and subject, however often it was looked at."""
    now = house.clock()
    tx.data_use.note(UseRow(_day(now), data.value, reach.value, asker, what, now))


def uses_of(tx: Tx, member: bytes) -> list[Use]:
    """The latest sums that were made while ``member`` allowed it, the latest first."""
    history = tx.data_use.of(member)
    return [
        Use(row.day, row.data, row.reach, row.asker, row.what)
        for row in tx.data_use.uses(MAX_USES_SHOWN)
        if _allowed_at(history, row)
    ]


def _allowed_at(history: Iterable[ChoiceRow], use: UseRow) -> bool:
    """Had the member allowed it by the end of that day? A use is written once a day, at its first time."""
    told = [row for row in history if (row.data, row.reach) == (use.data, use.reach) and _day(row.time) <= use.day]
    return any(row.allowed and (_day(row.time) == use.day or row is told[-1]) for row in told)


def _day(time: int) -> str:
    return datetime.fromtimestamp(time / 1_000_000, UTC).date().isoformat()


def digest_of(tx: Tx, data: Data, reach: Reach) -> bytes:
    """A hash of who counts now: sums are made anew when it changes."""
    found = contributors(tx, data, reach)
    return canon.digest(canon.encode([list(item) for item in found.values()]))
