"""What people do in a group: found, invite, join, leave, vote, exclude, dissolve, say, share, order together.

Owns these steps, each one transaction: a fact that would not count by what is known here is refused with its reason.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import members
from node.services.drawings import keeping
from node.services.house import House
from node.services.joint.seats import key_of
from node.store import Tx
from node.store.groups import GroupFactRow
from protocol.errors import CallerFault, NotFound, PeerFault
from protocol.limits import (
    MAX_GROUP_FACTS,
    MAX_GROUP_FACTS_PER_AUTHOR,
    MAX_GROUP_FOLLOWS,
    MAX_GROUP_MEMBERS,
    MAX_GROUPS,
)
from protocol.process.drawing.records import May
from protocol.process.group import facts, folding
from protocol.process.group.facts import Fact, Kind, Known
from protocol.process.group.folding import Group

_REFUSALS: Final = {
    one.rule: one
    for one in (
        CallerFault("group", "the group was dissolved"),
        CallerFault("group", "no invitation"),
        CallerFault("group", "not a member"),
        CallerFault("group", "only keepers may"),
        CallerFault("group", "not about a member"),
        CallerFault("group", "not voted for by most"),
        CallerFault("group", "written beside its author's end"),
    )
}


class Seen(NamedTuple):
    """A group as one firm sees it: all of it while it belongs to it; what it had seen until then, afterwards."""

    id: bytes
    group: Group
    facts: tuple[Known, ...]
    state: str  # member, keeper, invited, former


def load(tx: Tx, group: bytes) -> Group | None:
    """The group by the facts that are known here."""
    return folding.fold(facts.read(row.data) for row in tx.groups.facts(group))


def require(tx: Tx, member: bytes, group: bytes) -> Seen:
    """A group of ``member``; NotFound for one to which it never belonged, as for none."""
    found = load(tx, group)
    seen = _as_seen(group, found, member) if found is not None else None
    if seen is None:
        raise NotFound("group", "no such group")
    return seen


def listed(tx: Tx, member: bytes) -> list[Seen]:
    """Every group to which ``member`` belongs, is invited or belonged."""
    found = ((group, load(tx, group)) for group in tx.groups.all())
    seen = (_as_seen(group, one, member) for group, one in found if one is not None)
    return [one for one in seen if one is not None]


def _as_seen(group: bytes, found: Group, member: bytes) -> Seen | None:
    counts = tuple(one for one in found.facts if one.hash not in found.void)
    if member in found.standing.members:
        state = "keeper" if member in found.standing.keepers else "member"
        return Seen(group, found, counts, state)
    if member in found.standing.invited:
        return Seen(group, found, counts, "invited")
    ends = [one for one in counts if _ends(one.fact) == member]
    if not ends:
        return None
    known = frozenset().union(*(found.past[one.hash] | {one.hash} for one in ends))
    return Seen(group, found, tuple(one for one in counts if one.hash in known), "former")


def _ends(fact: Fact) -> bytes:
    """Whose membership a fact ends."""
    return fact.author if fact.kind is Kind.LEAVE else fact.subject if fact.kind is Kind.EXCLUDE else b""


# --- steps of people


def found(house: House, tx: Tx, member: bytes, name: str) -> bytes:
    """Found a group; its id."""
    if len(tx.groups.all()) >= MAX_GROUPS:
        raise CallerFault("group", f"a node knows at most {MAX_GROUPS} groups")
    return _say(house, tx, member, None, Kind.FOUND, text=name).group


def act(
    house: House,
    tx: Tx,
    member: bytes,
    group: bytes,
    kind: Kind,
    *,
    subject: bytes = b"",
    target: bytes = b"",
    text: str = "",
) -> bytes:
    """One step of ``member`` in a group; the fact's hash. CallerFault says why it cannot be."""
    seen = require(tx, member, group)
    if kind is Kind.JOIN:
        target = _invitation(seen, member)
    elif seen.state not in {"member", "keeper"}:
        raise CallerFault("group", "only members do that")
    if subject and members.find_log(house, tx, subject) is None:
        raise NotFound("member", "no such member is known here")
    if kind is Kind.INVITE and len(seen.group.standing.members | seen.group.standing.invited) >= MAX_GROUP_MEMBERS:
        raise CallerFault("group", f"a group has at most {MAX_GROUP_MEMBERS} members")
    if kind is Kind.DOCUMENT:
        keeping.require_own(tx, member, target)
        for reader in sorted(seen.group.standing.members - {member}):
            keeping.allow(house, tx, member, target, reader, May.FILE)
    return _say(house, tx, member, seen, kind, subject=subject, target=target, text=text).hash


def _invitation(seen: Seen, member: bytes) -> bytes:
    for one in reversed(seen.facts):
        if one.fact.kind is Kind.INVITE and one.fact.subject == member and seen.state == "invited":
            return one.hash
    raise CallerFault("group", "this firm is not invited")


def _say(
    house: House,
    tx: Tx,
    member: bytes,
    seen: Seen | None,
    kind: Kind,
    *,
    subject: bytes = b"",
    target: bytes = b"",
    text: str = "",
) -> Known:
    house.require_signing()
    members.require_local(tx, member)
    epoch = members.require_log(house, tx, member).epoch
    heads = tuple(sorted(seen.group.heads[:MAX_GROUP_FOLLOWS])) if seen is not None else ()
    fact = Fact(
        house.network,
        seen.id if seen is not None else b"",
        member,
        epoch.hash,
        heads,
        kind,
        subject,
        target,
        text,
        house.entropy(facts.NONCE_BYTES),
        house.clock(),
    )
    try:
        data = facts.sign(house.keyring[epoch.hash], fact)
    except PeerFault as fault:
        field, _, rule = str(fault).partition(": ")
        raise CallerFault(field, rule) from None
    made = facts.verify(data, lambda *one: key_of(house, tx, *one))
    if seen is not None:
        require_room(seen.group, [made])
    tx.groups.put([GroupFactRow(made.group, made.hash, data, house.clock())])
    after = load(tx, made.group)
    assert after is not None
    if made.hash in after.void:
        raise _REFUSALS[after.void[made.hash]]
    return made


def require_room(group: Group, new: list[Known]) -> None:
    """CallerFault where a group, or one firm in it, has said all that it may."""
    if len(group.facts) + len(new) > MAX_GROUP_FACTS:
        raise CallerFault("group", f"a group has at most {MAX_GROUP_FACTS} facts: found another")
    for author in {one.fact.author for one in new}:
        count = sum(one.fact.author == author for one in (*group.facts, *new))
        if count > MAX_GROUP_FACTS_PER_AUTHOR:
            raise CallerFault("group", f"one firm says at most {MAX_GROUP_FACTS_PER_AUTHOR} things in a group")
