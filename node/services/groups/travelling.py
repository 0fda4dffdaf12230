"""What of groups travels: facts, from every home that has one to every home that should.

Owns the message ``["yui/group-post/1", group, [fact], [history]]`` and who is told what. No node is in the middle: any
home with a fact passes it on, so the loss of any one stops nothing. Source: ``docs/protocol.md`` §23.4.
"""

from __future__ import annotations

import contextlib
from typing import Final, NamedTuple

from node.services import members
from node.services.groups import acting
from node.services.house import House
from node.services.joint.seats import key_of
from node.services.notices import noting
from node.store import Tx
from node.store.groups import GroupFactRow
from protocol import canon, shape
from protocol.errors import Malformed, Misdirected, NotFound, PeerFault, TooLarge
from protocol.limits import MAX_GROUP_FACTS, MAX_GROUP_MEMBERS, MAX_GROUPS, MAX_HISTORY_BYTES, MAX_RECORD_BYTES, MIB
from protocol.process.group import facts
from protocol.process.group.facts import Kind, Known
from protocol.process.group.folding import Group

POST_TAG: Final = "yui/group-post/1"
PATH: Final = "/peer/v1/group"
MAX_BODY_BYTES: Final = 4 * MIB
FACTS_AT_ONCE: Final = 32
NOTHING: Final = canon.encode(None)


class Post(NamedTuple):
    """Facts for another node."""

    node: bytes
    group: bytes
    body: bytes
    facts: tuple[bytes, ...]


def receive(house: House, tx: Tx, node: bytes, data: bytes) -> bytes:
    """Take facts that a peer knows. NotFound for a group in which nobody here has a part."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), POST_TAG, 4)
    group = shape.hash32(raw[1], "group")
    for history in shape.array(raw[3], "histories", FACTS_AT_ONCE):
        with contextlib.suppress(PeerFault):
            members.learn_history(house, tx, shape.binary(history, "histories", MAX_HISTORY_BYTES))
    known = {row.fact for row in tx.groups.facts(group)}
    fresh = not known
    new: list[Known] = []
    for item in shape.array(raw[2], "facts", FACTS_AT_ONCE):
        one = facts.verify(shape.binary(item, "facts", 2 * MAX_RECORD_BYTES), lambda *who: key_of(house, tx, *who))
        if one.group != group or one.fact.network != house.network:
            raise Misdirected("group: a fact of another group or network")
        missing = [each for each in one.fact.follows if each not in known]
        if missing:
            raise Malformed("follows: something that was not sent before")
        known.add(one.hash)
        new.append(one)
    rows = [GroupFactRow(group, one.hash, one.data, house.clock()) for one in new]
    if fresh and len(tx.groups.all()) >= MAX_GROUPS:
        raise TooLarge(f"group: this node knows at most {MAX_GROUPS}")
    if len(known) > MAX_GROUP_FACTS:
        raise TooLarge(f"facts: at most {MAX_GROUP_FACTS} of one group")
    tx.groups.put(rows)
    found = acting.load(tx, group)
    if found is None or len(found.standing.members) > 2 * MAX_GROUP_MEMBERS or not _concerns(tx, found):
        raise NotFound("group", "no such group")
    tx.groups.put_told(group, node, [one.hash for one in new])
    _note(house, tx, found, new)
    return NOTHING


def _note(house: House, tx: Tx, found: Group, new: list[Known]) -> None:
    """People here hear of invitations and announcements."""
    for one in new:
        if one.hash in found.void:
            continue
        if one.fact.kind is Kind.INVITE:
            noting.tell(house, tx, one.fact.subject, "groups", one.hash)
        elif one.fact.kind is Kind.ANNOUNCEMENT:
            for firm in sorted(found.standing.members - {one.fact.author}):
                noting.tell(house, tx, firm, "groups", one.hash)


def _concerns(tx: Tx, found: Group) -> bool:
    """Whether a firm at home here is or was a member, or is invited."""
    firms = {one.fact.author for one in found.facts} | {one.fact.subject for one in found.facts if one.fact.subject}
    return any(row.local for row in tx.members.get_many(firms).values())


def posts(house: House, tx: Tx, quiet: dict[bytes, int] | None = None) -> list[Post]:
    """What other homes still lack of groups in which a firm of this node has a part.

    ``quiet``: group → number of facts at which nobody lacked any; those are left out, and new ones put in.
    """
    made: list[Post] = []
    quiet = {} if quiet is None else quiet
    for group, count in tx.groups.all().items():
        found = acting.load(tx, group) if quiet.get(group) != count else None
        if found is None:
            continue
        wanted = _audience(house, tx, found)
        mine = [one for node in wanted if (one := _post(house, tx, group, found, node, wanted[node])) is not None]
        made += mine
        if not mine:
            quiet[group] = count
    return made


def _audience(house: House, tx: Tx, found: Group) -> dict[bytes, frozenset[bytes]]:
    """Node → the facts that it should have. Homes of members and of who is invited: all; of who went: up to that."""
    every = frozenset(one.hash for one in found.facts)
    standing = found.standing
    wanted: dict[bytes, frozenset[bytes]] = {}
    for firm in standing.members | standing.invited:
        home = _home(house, tx, firm)
        if home not in (b"", house.id):
            wanted[home] = every
    for one in found.facts:
        gone = acting._ends(one.fact) if one.hash not in found.void else b""
        home = _home(house, tx, gone) if gone and gone not in standing.members else b""
        if home not in (b"", house.id):
            wanted[home] = wanted.get(home, frozenset()) | found.past[one.hash] | {one.hash}
    return wanted


def _home(house: House, tx: Tx, firm: bytes) -> bytes:
    log = members.find_log(house, tx, firm)
    return log.epoch.home if log is not None and log.standing.epoch is not None else b""


def _post(house: House, tx: Tx, group: bytes, found: Group, node: bytes, wanted: frozenset[bytes]) -> Post | None:
    peer = tx.peers.get(node)
    if peer is None or peer.state != "accepted":
        return None
    told = tx.groups.told(group, node)
    lacking = [one for one in found.facts if one.hash in wanted and one.hash not in told][:FACTS_AT_ONCE]
    if not lacking:
        return None
    histories, size = [], 0
    for author in sorted({one.fact.author for one in lacking}):
        history = members.history(house, tx, author)
        size += len(history)
        if size < MAX_BODY_BYTES // 2:
            histories.append(history)
    body = canon.encode((POST_TAG, group, tuple(one.data for one in lacking), tuple(histories)))
    return Post(node, group, body, tuple(one.hash for one in lacking))


def told(tx: Tx, post: Post) -> None:
    """The node has these facts now."""
    tx.groups.put_told(post.group, post.node, post.facts)
