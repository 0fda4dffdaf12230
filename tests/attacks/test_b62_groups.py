"""Row B62: groups: an excluded keeper writes into the past, another's name, changed bytes, facts without their past.

The attacker is a member's home that signs what it likes with the keys that it has, and posts it as often and in
whatever order it likes. What the others see of the group does not change. Then homes that crash and lines that are cut
at random.
"""

from __future__ import annotations

import random

import pytest

from node.services.groups import acting, travelling
from protocol import canon
from protocol.errors import CallerFault, Malformed, PeerFault
from protocol.process.group import facts, folding
from protocol.process.group.facts import Fact, Kind
from tests.node.services.test_groups import Three

SEEDS = range(12)
STEPS = 40


@pytest.fixture
def three() -> Three:
    return Three()


def forged(three: Three, at: int, group: bytes, kind: Kind, **changes: object) -> bytes:
    """A fact that the home ``at`` signs for its firm, past its own software; the bytes."""
    node, firm = three.nodes[at], three.firms[at]
    epoch = node.see(lambda tx: acting.members.require_log(node.house, tx, firm).epoch)
    seen = node.see(lambda tx: acting.load(tx, group))
    assert seen is not None
    heads = tuple(sorted(seen.heads))
    fact = Fact("test", group, firm, epoch.hash, heads, kind, b"", b"", "", node.house.entropy(16), node.now)
    return facts.sign(node.house.keyring[epoch.hash], fact._replace(**changes))  # type: ignore[arg-type]


def push(three: Three, at: int, to: int, group: bytes, *data: bytes) -> None:
    """Post facts by hand."""
    node = three.nodes[to]
    body = canon.encode((travelling.POST_TAG, group, data, ()))
    node.do(lambda tx: travelling.receive(node.house, tx, three.nodes[at].house.id, body))


def excluded(three: Three) -> tuple[bytes, bytes]:
    """A group from which 豊田's keeper was excluded, and the fact that all had seen before."""
    group = three.together()
    three.act(0, group, Kind.KEEPER, subject=three.firms[2])
    three.tell()
    found = three.nodes[2].see(lambda tx: acting.load(tx, group))
    assert found is not None
    (before,) = found.heads
    for at in (0, 1):
        three.act(at, group, Kind.VOTE_EXCLUDE, subject=three.firms[2])
        three.tell()
    three.act(1, group, Kind.EXCLUDE, subject=three.firms[2])
    three.tell()
    assert three.members(0, group) == three.members(1, group) == {0, 1}
    return group, before


def test_an_excluded_keeper_writes_into_the_past(three: Three) -> None:
    """It invites a friend, says something and makes itself keeper "before" it was excluded: void at every home."""
    group, before = excluded(three)
    friend = three.nodes[2].enrol("手下")
    for kind, more in (
        (Kind.INVITE, {"subject": friend}),
        (Kind.KEEPER, {"subject": three.firms[2]}),
        (Kind.ANNOUNCEMENT, {"text": "わたしが会長だ"}),
    ):
        push(three, 2, 0, group, forged(three, 2, group, kind, follows=(before,), **more))
    three.tell()
    for at in (0, 1):
        seen = three.seen(at, group)
        assert seen.group.standing.members == {three.firms[0], three.firms[1]}
        assert not seen.group.standing.invited
        assert "わたしが会長だ" not in {one.fact.text for one in seen.facts}
    with pytest.raises(CallerFault, match="only members"):
        three.act(2, group, Kind.MESSAGE, text="?")


def test_another_firms_name_and_changed_bytes(three: Three) -> None:
    group = three.together()
    known = three.nodes[1].see(lambda tx: len(tx.groups.facts(group)))
    in_anothers_name = forged(three, 2, group, Kind.LEAVE, author=three.firms[1])
    good = forged(three, 2, group, Kind.MESSAGE, text="本物")
    raw = canon.decode(good)
    changed = canon.encode((raw[0], raw[1].replace("本物".encode(), "偽物".encode()), raw[2], raw[3]))
    lost = forged(three, 2, group, Kind.MESSAGE, text="x", follows=(b"n" * 32,))
    for data in (in_anothers_name, changed, lost, good[:-1], b"", good + b"\0"):
        with pytest.raises((PeerFault, Malformed)):
            push(three, 2, 1, group, data)
    with pytest.raises((PeerFault, Malformed)):  # one bad one: nothing of the message is kept
        push(three, 2, 1, group, good, changed)
    assert three.nodes[1].see(lambda tx: len(tx.groups.facts(group))) == known
    for _ in range(3):  # as often as it likes: once
        push(three, 2, 1, group, good)
    assert three.nodes[1].see(lambda tx: len(tx.groups.facts(group))) == known + 1
    assert three.members(1, group) == {0, 1, 2}


@pytest.mark.parametrize("seed", SEEDS)
def test_homes_that_crash_and_lines_that_are_cut(seed: int) -> None:
    """Random steps of three firms; lines are cut and mended, homes start anew, posts arrive and nobody remembers that
    they did. Once lines are whole all homes of members see one group."""
    three, luck = Three(), random.Random(seed)
    group = three.together()
    pairs = [frozenset(pair) for pair in ((0, 1), (0, 2), (1, 2))]
    kinds = (Kind.MESSAGE, Kind.INVITE, Kind.JOIN, Kind.LEAVE, Kind.KEEPER, Kind.VOTE_KEEPER, Kind.VOTE_EXCLUDE,
             Kind.EXCLUDE, Kind.ANNOUNCEMENT)  # fmt: skip
    refused = 0
    for step in range(STEPS):
        at, kind = luck.randrange(3), luck.choice(kinds)
        about = kind in (Kind.INVITE, Kind.KEEPER, Kind.VOTE_KEEPER, Kind.VOTE_EXCLUDE, Kind.EXCLUDE)
        more = {"subject": three.firms[luck.randrange(3)]} if about else {"text": f"{step}"}
        if kind in (Kind.JOIN, Kind.LEAVE):
            more = {}
        try:
            three.act(at, group, kind, **more)
        except CallerFault:
            refused += 1
        event = luck.random()
        if event < 0.3:
            three.cut = set(luck.sample(pairs, luck.randrange(4)))
        elif event < 0.5:
            three.nodes[luck.randrange(3)].restart()
        elif event < 0.7:
            _arrives_and_is_forgotten(three, luck)
        elif event < 0.9:
            three.tell(1)
    three.cut = set()
    three.tell(8)
    every = {row.fact: row.data for node in three.nodes for row in node.see(lambda tx: tx.groups.facts(group))}
    truth = folding.fold(facts.read(data) for data in every.values())
    assert truth is not None
    for at, firm in enumerate(three.firms):
        if firm in truth.standing.members:  # who left is told no more
            assert three.seen(at, group).group.standing == truth.standing
    assert refused < STEPS


def _arrives_and_is_forgotten(three: Three, luck: random.Random) -> None:
    """A home posts, the other stores it, and the first is killed before it notes that."""
    at = luck.randrange(3)
    node = three.nodes[at]
    for post in node.see(lambda tx: travelling.posts(node.house, tx)):
        to = next(number for number, one in enumerate(three.nodes) if one.house.id == post.node)
        if frozenset((at, to)) not in three.cut:
            other = three.nodes[to]
            other.do(lambda tx, o=other, p=post: travelling.receive(o.house, tx, node.house.id, p.body))  # type: ignore[misc]
    node.restart()
