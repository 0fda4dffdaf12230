"""Invitation letters: for one member, or for every member in which nobody can log in yet.

Owns whom a letter is for and what stands in it. The link in it is a secret: it exists on the paper only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from node.papers.pdf import Letter
from node.services import association, joining
from node.services.house import TEST_NETWORK, House
from node.services.joining import Link
from node.services.policy import Role
from node.store import MemberRow, Tx, UserRow
from protocol.errors import CallerFault, NotFound

MOST_LETTERS: Final = 200


class Addressed(NamedTuple):
    """A link and the name of the firm that it is for."""

    firm: str
    link: Link


def waiting(house: House, tx: Tx) -> list[tuple[MemberRow, int]]:
    """Members without an owner who can log in, by name, with how many of their invitations are open."""
    now = house.clock()
    return [
        (fact.row, len(joining.open_for(tx, fact.row.member, now)))
        for fact in association.members(tx)
        if not fact.owners and not fact.row.suspended
    ][:MOST_LETTERS]


def invite_all(house: House, tx: Tx, members: Sequence[bytes], *, by: UserRow, address: str = "") -> list[Addressed]:
    """A link for an owner of each of ``members``. CallerFault for none; NotFound for one who needs none."""
    known = {row.member: row for row, _ in waiting(house, tx)}
    if not members:
        raise CallerFault("member", "choose at least one")
    if any(member not in known for member in members):
        raise NotFound("member", "no such member waits for an invitation")
    return [
        Addressed(known[member].name, joining.invite(house, tx, member, Role.OWNER.value, by=by, address=address))
        for member in members
    ]


def of_link(house: House, tx: Tx, member: bytes, secret: str) -> Addressed:
    """A link that was just shown, to be printed. NotFound unless it is a good one for somebody of ``member``."""
    found = joining.look(house, tx, secret)
    if found.row.member != member:
        raise NotFound("invitation", "no such invitation")
    return Addressed(association.member(tx, member).name, Link(secret, found.row))


def letter(house: House, to: Addressed, address: str, language: str) -> Letter:
    """The letter to a member; ``address``: the whole link."""
    row = to.link.row
    return Letter(
        association=house.name,
        firm=to.firm,
        link=address,
        expires_us=row.expires,
        made_us=row.created,
        person=row.note,
        language=language,
        sample=house.network == TEST_NETWORK,
    )
