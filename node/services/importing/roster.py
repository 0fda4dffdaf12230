"""The association's file of its members: firms are enrolled by corporate number, and their owners invited."""

from __future__ import annotations

from typing import Final, NamedTuple

from node.i18n import N_
from node.papers.tabular import Record
from node.services import access, directory, joining
from node.services.directory import Profile
from node.services.guarding import enrolling
from node.services.house import House
from node.services.importing.plan import NEW, SAME, Draft, Line, Plan, text
from node.store import Tx, UserRow
from protocol.errors import CallerFault

MOST: Final = 200  # firms at once: each has words that are shown once
TOO_MANY: Final = N_("At most 200 firms at once. Import the rest afterwards.")
TWICE: Final = N_("{value} stands in more than one line.")


class Welcomed(NamedTuple):
    """A firm that was enrolled: its 24 words and its owner's link, both shown once and kept nowhere."""

    line: int
    name: str
    member: bytes
    words: list[str]
    path: str


def plan_members(_house: House, tx: Tx, _m: bytes, draft: Draft, records: tuple[Record, ...], _p: bytes) -> None:
    """Each line enrols a firm; one whose corporate number (else name) is in the directory already stays as it is."""
    names = {row.name for row in tx.members.all(local=True)}
    seen: set[str] = set()
    fresh = 0
    for record in records:
        name, number = text(record, "name"), text(record, "corporate_number")
        key = number or name
        if key in seen:
            draft.wrong(record.line, "corporate_number" if number else "name", TWICE, value=key)
            continue
        seen.add(key)
        known = bool(tx.cards.by_corporate_number(number)) if number else name in names
        fresh += not known
        if fresh > MOST:
            draft.wrong(record.line, "name", TOO_MANY)
            continue
        profile = Profile(name=name, kana=text(record, "kana"), corporate_number=number)
        action = (profile, text(record, "person"))
        draft.lines.append(Line(record.line, name, SAME if known else NEW, action))


def take_members(house: House, tx: Tx, plan: Plan, by: UserRow, address: str = "") -> list[Welcomed]:
    """Enrol the new firms and make a link for the owner of each. CallerFault names the firm; then none is enrolled."""
    made = []
    for line in plan.lines:
        if line.state != NEW:
            continue
        profile, person = line.action
        try:
            enrolled = enrolling.enrol(house, tx, profile.name)
            directory.publish(house, tx, enrolled.member, profile)
        except CallerFault as fault:
            raise CallerFault(f"lines[{line.line}].{fault.field}", fault.rule, code=fault.code) from None
        access.note(house, tx, "member-enrolled", member=enrolled.member, user=by, address=address)
        note = "".join(sign for sign in person if sign.isprintable())[: joining.MAX_NOTE_CHARS]
        link = joining.invite(house, tx, enrolled.member, "owner", note=note, by=by, address=address)
        made.append(Welcomed(line.line, profile.name, enrolled.member, enrolled.words, link.path))
    return made
