"""What the association's staff see of their node: what waits for them, members, connections, that papers move.

Owns what counts as waiting and the colours of the lights. Nothing here tells what is in a paper, nor with whom a
member deals: only its kind, when it moved, through which association, and whether it arrived.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from node.services import reading, sessions, status, users
from node.services.house import House
from node.services.policy import Role
from node.services.sessions import DAY_US, HOUR_US
from node.store import MemberRow, Tx
from protocol.errors import NotFound

DARK_US: Final = HOUR_US
SILENT_MEMBER_US: Final = 30 * DAY_US


class Task(NamedTuple):
    """Something that waits for a person. ``kind`` names the sentence; ``name`` and ``number`` fill it in."""

    kind: str
    name: str = ""
    number: int = 0
    since: int = 0
    subject: str = ""


class MemberFact(NamedTuple):
    """A member as staff see it. ``people``: how many can log in; ``owners``: of them owners; ``seen``: µs, 0 never."""

    row: MemberRow
    people: int
    owners: int
    seen: int


class Movement(NamedTuple):
    """A paper that moved: ``through``: the partner's association, empty for this one; ``arrived``: µs, 0 not yet."""

    time: int
    kind: str
    direction: str
    through: str
    arrived: bool
    held: bool


class Peer(NamedTuple):
    """A connection: ``facts`` as ``yui status`` gives them, ``light`` green, yellow, red or grey, ``since`` in µs."""

    facts: dict[str, Any]
    light: str
    since: int


def tasks(house: House, tx: Tx) -> list[Task]:
    """What waits for staff, the most urgent first."""
    found = [Task("frozen", house.frozen)] if house.frozen else []
    for peer in peers(house, tx):
        name, node = peer.facts["name"] or peer.facts["node"][:12], peer.facts["node"]
        if peer.light == "red":
            found.append(Task("dark", name, peer.facts["pending"], peer.since, node))
        elif peer.facts["state"] in ("pending", "invited"):
            found.append(Task("enrolment", name, subject=node))
    quarantined = tx.quarantine.count()
    if quarantined:
        found.append(Task("quarantine", number=quarantined))
    found += [
        Task("no-owner", fact.row.name, subject=fact.row.member.hex())
        for fact in members(tx)
        if not fact.owners and not fact.row.suspended
    ]
    return found


def peers(house: House, tx: Tx) -> list[Peer]:
    """Every connection with its light."""
    now = house.clock()
    return [Peer(facts, light(facts, now), _since(facts)) for facts in status.peers(house, tx)]


def light(facts: dict[str, Any], now: int) -> str:
    """Green: papers go through; yellow: they do not at the moment, or people decide; red: not for an hour."""
    if facts["state"] in ("blocked", "refused", "unknown"):
        return "grey"
    if facts["state"] != "accepted":
        return "yellow"
    if not facts["failures"]:
        return "green"
    return "red" if now - _since(facts) > DARK_US else "yellow"


def _since(facts: dict[str, Any]) -> int:
    return int(max(facts["last_success"], facts["last_contact"]))


def members(tx: Tx) -> list[MemberFact]:
    """Every member at home here, by name."""
    people: dict[bytes | None, list[Any]] = {}
    for user in users.list_of(tx):
        if not user.disabled:
            people.setdefault(user.member, []).append(user)
    found = []
    outside = {row.guest for row in tx.guests.all() if row.enrolled is None}
    for row in tx.members.all(local=True):
        if row.member in outside:
            continue
        own = people.get(row.member, [])
        seen = max((sessions.last_login(tx, user.id) for user in own), default=0)
        found.append(MemberFact(row, len(own), sum(user.role == Role.OWNER.value for user in own), seen))
    return sorted(found, key=lambda fact: fact.row.name)


def member(tx: Tx, wanted: bytes) -> MemberRow:
    """One member at home here; NotFound for any other."""
    row = tx.members.get(wanted)
    if row is None or not row.local:
        raise NotFound("member", "no such member at this node")
    return row


def papers_of(tx: Tx, wanted: bytes, limit: int = 100) -> list[reading.View]:
    """A member's papers, latest first, for those whom it lets look (``consent.look`` goes before)."""
    return reading.views(tx, wanted, tx.holdings.before(wanted, limit))


def movements(tx: Tx, wanted: bytes, limit: int = 50) -> list[Movement]:
    """The papers of a member that moved last, without anything that is in them."""
    rows = tx.holdings.before(wanted, limit)
    marks = reading.marks_of(tx, rows)
    homes = {row.member: row.home for row in tx.members.get_many(row.partner for row in rows).values()}
    names = {peer.node: peer.name for peer in tx.peers.all()}
    return [
        Movement(
            row.time,
            row.type,
            row.direction,
            names.get(homes.get(row.partner) or b"", ""),
            marks[row.document].received is not None,
            marks[row.document].held is not None,
        )
        for row in rows
    ]
