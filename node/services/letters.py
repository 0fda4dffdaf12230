"""Invitation letters: for one member, or for every member in which nobody can log in yet.

Owns whom a letter is for and what stands in it. The link in it is a secret: it exists on the paper only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from node.papers.pdf import Letter
from node.services import association, joining
from node.services.house import House
from node.services.joining import Link
from node.services.policy import Role
from node.services.printing import TEST_NETWORK
from node.store import MemberRow, Tx, UserRow
from protocol.errors import CallerFault, NotFound

MOST_LETTERS: Final = 200


def waiting(house: House, tx: Tx) -> list[tuple[MemberRow, int]]:
    """Members without an owner who can log in, by name, with how many of their invitations are open."""
    now = house.clock()
    return [
        (fact.row, len(joining.open_for(tx, fact.row.member, now)))
        for fact in association.members(tx)
        if not fact.owners and not fact.row.suspended
    ][:MOST_LETTERS]


def invite_all(
    house: House, tx: Tx, members: Sequence[bytes], *, by: UserRow, address: str = ""
) -> list[tuple[MemberRow, Link]]:
    """A link for an owner of each of ``members``. CallerFault for none; NotFound for one who needs none."""
    known = {row.member: row for row, _ in waiting(house, tx)}
    if not members:
        raise CallerFault("member", "choose at least one")
    if any(member not in known for member in members):
        raise NotFound("member", "no such member waits for an invitation")
    return [
        (known[member], joining.invite(house, tx, member, Role.OWNER.value, by=by, address=address))
        for member in members
    ]


def of_link(house: House, tx: Tx, member: bytes, secret: str) -> tuple[MemberRow, Link]:
    """A link that was just shown, to be printed. NotFound unless it is a good one for somebody of ``member``."""
    found = joining.look(house, tx, secret)
    if found.row.member != member:
        raise NotFound("invitation", "no such invitation")
    return association.member(tx, member), Link(secret, found.row)


def letter(house: House, row: MemberRow, link: Link, address: str, language: str) -> Letter:
    """The letter to a member; ``address``: the whole link."""
    return Letter(
        association=house.name,
        firm=row.name,
        link=address,
        expires_us=link.row.expires,
        made_us=link.row.created,
        person=link.row.note,
        language=language,
        sample=house.network == TEST_NETWORK,
    )
