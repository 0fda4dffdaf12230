"""A group over three associations: founded, joined, cut in two, healed, left; orders under way go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.drawingfiles import DrawingFiles
from node.services import greeting
from node.services.drawings import keeping
from node.services.drawings.keeping import About
from node.services.groups import acting, travelling
from node.services.trade import Submission
from protocol import canon
from protocol.errors import CallerFault, Malformed, NotFound, PeerFault
from protocol.process.drawing.records import Kind as DrawingKind
from protocol.process.group.facts import Kind
from tests.node.services.town import Association, order


class Three:
    """Kyoto, Shikoku, Toyota with a firm each; ``cut``: pairs that do not hear each other."""

    def __init__(self) -> None:
        self.nodes = [Association(name) for name in ("kyoto", "shikoku", "toyota")]
        self.firms = [
            node.enrol(name) for node, name in zip(self.nodes, ("すずめ屋", "桃の里", "ぶんぶく"), strict=True)
        ]
        self.cut: set[frozenset[int]] = set()
        for one in self.nodes:
            for other in self.nodes:
                if one is not other:
                    one.accept(other)
        for one in self.nodes:
            for other in self.nodes:
                if one is not other:
                    one.learn_from(other)
                    assert one.greet(other) == greeting.OK

    def found(self) -> bytes:
        kyoto = self.nodes[0]
        return kyoto.do(lambda tx: acting.found(kyoto.house, tx, self.firms[0], "和菓子の会"))

    def act(self, at: int, group: bytes, kind: Kind, **more: object) -> bytes:
        node = self.nodes[at]
        return node.do(lambda tx: acting.act(node.house, tx, self.firms[at], group, kind, **more))  # type: ignore[arg-type]

    def tell(self, rounds: int = 4) -> None:
        for _ in range(rounds):
            for at, node in enumerate(self.nodes):
                for post in node.see(lambda tx, n=node: travelling.posts(n.house, tx)):
                    to = next(number for number, one in enumerate(self.nodes) if one.house.id == post.node)
                    if frozenset((at, to)) in self.cut:
                        continue
                    other = self.nodes[to]
                    other.do(lambda tx, o=other, n=node, p=post: travelling.receive(o.house, tx, n.house.id, p.body))
                    node.do(lambda tx, p=post: travelling.told(tx, p))

    def seen(self, at: int, group: bytes) -> acting.Seen:
        return self.nodes[at].see(lambda tx: acting.require(tx, self.firms[at], group))

    def members(self, at: int, group: bytes) -> set[int]:
        return {self.firms.index(one) for one in self.seen(at, group).group.standing.members}

    def together(self) -> bytes:
        group = self.found()
        for at in (1, 2):
            self.act(0, group, Kind.INVITE, subject=self.firms[at])
            self.tell()
            self.act(at, group, Kind.JOIN)
            self.tell()
        return group


@pytest.fixture
def three() -> Three:
    return Three()


def test_from_founding_to_leaving(three: Three) -> None:
    group = three.together()
    assert [three.members(at, group) for at in range(3)] == [{0, 1, 2}] * 3
    three.act(1, group, Kind.MESSAGE, text="来月の小豆")
    three.act(0, group, Kind.ANNOUNCEMENT, text="集まりは20日")
    with pytest.raises(CallerFault, match="only keepers"):
        three.act(2, group, Kind.ANNOUNCEMENT, text="?")
    three.tell()
    said = [one.fact.text for one in three.seen(2, group).facts if one.fact.text]
    assert set(said) == {"和菓子の会", "来月の小豆", "集まりは20日"}
    three.act(2, group, Kind.LEAVE)
    three.tell()
    assert [three.members(at, group) for at in (0, 1)] == [{0, 1}] * 2
    three.act(1, group, Kind.MESSAGE, text="あとの話")
    three.tell()
    left = three.seen(2, group)
    assert left.state == "former"
    assert {one.fact.text for one in left.facts if one.fact.text} == set(said)  # keeps what was there, hears no more
    rows = three.nodes[2].see(lambda tx: tx.groups.facts(group))
    assert "あとの話".encode() not in b"".join(row.data for row in rows)
    with pytest.raises(CallerFault, match="only members"):
        three.act(2, group, Kind.MESSAGE, text="?")


def test_regrouping_while_an_order_runs_and_a_line_is_cut(three: Three) -> None:
    group = three.together()
    buyer, seller = three.nodes[0], three.nodes[2]
    buyer.submit(three.firms[0], Submission(three.firms[2], order("PO-1")))
    three.cut = {frozenset((0, 1)), frozenset((0, 2))}  # the founder's home is alone
    three.act(2, group, Kind.LEAVE)
    three.act(0, group, Kind.MESSAGE, text="誰か")
    three.tell()
    assert (three.members(1, group), three.members(0, group)) == ({0, 1}, {0, 1, 2})
    taken = buyer.send_all(seller)  # the order arrives at who has left: it is nobody's but theirs
    assert taken
    assert buyer.pending(seller) == 0
    three.nodes[1].restart()
    three.cut = set()
    three.tell()
    states = {three.nodes[at].see(lambda tx, at=at: acting.load(tx, group)).standing for at in (0, 1)}  # type: ignore[union-attr,misc]
    assert len(states) == 1
    assert three.members(0, group) == {0, 1}


def test_the_founder_is_lost_and_the_group_goes_on(three: Three) -> None:
    group = three.together()
    three.cut = {frozenset((0, 1)), frozenset((0, 2))}
    for at in (1, 2):
        three.act(at, group, Kind.VOTE_KEEPER, subject=three.firms[1])
        three.tell()
    three.act(1, group, Kind.KEEPER, subject=three.firms[1])
    newcomer = three.nodes[2].enrol("花咲堂")
    three.nodes[1].learn_from(three.nodes[2])
    assert three.nodes[2].greet(three.nodes[1]) == greeting.OK
    three.act(1, group, Kind.INVITE, subject=newcomer)
    three.tell()
    toyota = three.nodes[2]
    toyota.do(lambda tx: acting.act(toyota.house, tx, newcomer, group, Kind.JOIN))
    three.tell()
    assert newcomer in three.seen(1, group).group.standing.members
    three.cut = set()
    three.tell()
    assert newcomer in three.seen(0, group).group.standing.members


def test_a_shared_document_goes_to_every_member(three: Three, tmp_path: Path) -> None:
    group, shikoku = three.together(), three.nodes[1]
    source = tmp_path / "rules.txt"
    source.write_text("会則", "utf-8")
    made = shikoku.see(lambda tx: keeping.plan(shikoku.house, tx, three.firms[1]))
    sealed = DrawingFiles(tmp_path / "d").seal(source, made.key, made.drawing, made.number)
    about = About(DrawingKind.SPECIFICATION, "1", "会則", "rules.txt", "text/plain")
    version = shikoku.do(lambda tx: keeping.publish(shikoku.house, tx, three.firms[1], made, sealed, about))
    three.act(1, group, Kind.DOCUMENT, target=version, text="会則")
    readers = shikoku.see(lambda tx: {one.reader for one in tx.drawings.grants(version)})
    assert readers == {three.firms[0], three.firms[2]}
    with pytest.raises(NotFound):
        three.act(0, group, Kind.DOCUMENT, target=version, text="not its own")


def test_strangers_learn_and_change_nothing(three: Three) -> None:
    group = three.found()
    with pytest.raises(NotFound, match="no such group"):
        three.seen(1, group)
    with pytest.raises(NotFound, match="no such group"):
        three.nodes[1].see(lambda tx: acting.require(tx, three.firms[1], b"n" * 32))
    kyoto, shikoku = three.nodes[0], three.nodes[1]
    (row,) = kyoto.see(lambda tx: tx.groups.facts(group))
    unasked = canon.encode((travelling.POST_TAG, group, (row.data,), ()))
    with pytest.raises(NotFound, match="no such group"):  # a node keeps no group in which nobody of it has a part
        shikoku.do(lambda tx: travelling.receive(shikoku.house, tx, kyoto.house.id, unasked))
    assert shikoku.see(lambda tx: tx.groups.all()) == {}
    three.act(0, group, Kind.INVITE, subject=three.firms[1])
    three.tell()
    with pytest.raises(CallerFault, match="only members"):
        three.act(1, group, Kind.MESSAGE, text="not joined yet")
    last = kyoto.see(lambda tx: tx.groups.facts(group))[-1]
    other = canon.encode((travelling.POST_TAG, b"o" * 32, (last.data,), ()))
    with pytest.raises(PeerFault):
        shikoku.do(lambda tx: travelling.receive(shikoku.house, tx, kyoto.house.id, other))


def test_too_much_is_refused(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    group = three.together()
    monkeypatch.setattr(acting, "MAX_GROUP_FACTS_PER_AUTHOR", 3)
    three.act(1, group, Kind.MESSAGE, text="1")
    three.act(1, group, Kind.MESSAGE, text="2")
    with pytest.raises(CallerFault, match="at most 3"):
        three.act(1, group, Kind.MESSAGE, text="3")
    with pytest.raises(CallerFault, match="2000"):
        three.act(2, group, Kind.MESSAGE, text="x" * 2_001)
    node = three.nodes[0]
    rows = node.see(lambda tx: tx.groups.facts(group))
    loose = three.nodes[1].see(
        lambda tx: [row for row in tx.groups.facts(group) if row.fact not in {one.fact for one in rows}]
    )
    last = next(one for one in loose if _follows(one.data, {each.fact for each in loose}))
    body = canon.encode((travelling.POST_TAG, group, (last.data,), ()))
    with pytest.raises(Malformed, match="follows"):
        node.do(lambda tx: travelling.receive(node.house, tx, three.nodes[1].house.id, body))


def _follows(data: bytes, those: set[bytes]) -> bool:
    from protocol.process.group import facts

    return bool(set(facts.read(data).fact.follows) & those)
