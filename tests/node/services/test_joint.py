"""A joint round at three associations in one process: announced, pledged, closed by deputies, ordered, refused."""

from __future__ import annotations

import pytest

from node.services import greeting, members, trade
from node.services.belongings import rounds as back
from node.services.belongings import state
from node.services.joint import rounds, stopping, travelling
from node.services.joint.seats import Post, Seats
from node.services.trade import Submission
from protocol.errors import CallerFault, Malformed, NotFound, PeerFault
from protocol.process.joint import billing, terms
from protocol.process.joint.closing import State
from protocol.process.joint.pledge import Want
from protocol.process.joint.terms import Conductor, Round
from tests.node.services import october as october_papers
from tests.node.services.town import Association
from tests.protocol.process.joint import october

HOUR = 3_600_000_000


class Town:
    """Three associations with a firm each; the second also has the supplier."""

    def __init__(self) -> None:
        self.nodes = [Association(name) for name in ("kyoto", "shikoku", "toyota")]
        for one in self.nodes:
            for other in self.nodes:
                if one is not other:
                    one.accept(other)
        self.machines = [Seats() for _ in self.nodes]
        self.firms = [
            node.enrol(name) for node, name in zip(self.nodes, ("すずめ屋", "桃の里商店", "ぶんぶく商店"), strict=True)
        ]
        self.supplier = self.nodes[1].enrol("わらしべ商会")
        for one, other in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)):
            self.nodes[one].learn_from(self.nodes[other])
            assert self.nodes[one].greet(self.nodes[other]) == greeting.OK
        self.dark: set[int] = set()

    def round(self, **changes: object) -> Round:
        conductors = tuple(
            Conductor(node.house.node.public, firm) for node, firm in zip(self.nodes, self.firms, strict=True)
        )
        now = self.nodes[0].now
        found = october.bags()._replace(
            conductors=conductors, supplier=self.supplier, deadline=now + HOUR, extended=0, time=now
        )  # fmt: skip
        return found._replace(**changes)  # type: ignore[arg-type]

    def open(self) -> bytes:
        kyoto = self.nodes[0]
        name = kyoto.do(lambda tx: rounds.announce(kyoto.house, tx, self.round()))
        row = kyoto.see(lambda tx: tx.joint.get(name))
        assert row is not None
        posts = kyoto.see(lambda tx: travelling.announcements(kyoto.house, tx, row))
        assert {post.node for post in posts} == {node.house.id for node in self.nodes[1:]}
        self.deliver(0, posts)
        return name

    def index(self, node: bytes) -> int:
        return next(at for at, one in enumerate(self.nodes) if one.house.id == node)

    def post(self, sender: int, to: int, body: bytes) -> tuple[bytes, list[Post]]:
        node = self.nodes[to]

        def work(tx):  # type: ignore[no-untyped-def]
            return travelling.receive(node.house, tx, self.machines[to], self.nodes[sender].house.id, body)

        return node.do(work)  # type: ignore[no-any-return]

    def deliver(self, sender: int, posts: list[Post]) -> None:
        """Until nothing is under way; what goes to a dark node is lost."""
        waiting = [(sender, post) for post in posts]
        while waiting:
            at, post = waiting.pop(0)
            to = self.index(post.node)
            if to not in self.dark:
                _, more = self.post(at, to, post.body)
                waiting += [(to, self.wrapped(to, each)) for each in more]

    def wrapped(self, at: int, post: Post) -> Post:
        node = self.nodes[at]
        return Post(post.node, node.see(lambda tx: travelling.with_histories(node.house, tx, post)))

    def carry(self, name: bytes) -> None:
        """Every node runs its errands once."""
        for at, node in enumerate(self.nodes):
            if at in self.dark:
                continue
            row = node.see(lambda tx: tx.joint.get(name))
            assert row is not None
            for errand in node.see(lambda tx, row=row, node=node: travelling.errands(node.house, tx, row)):  # type: ignore[misc]
                if errand.node == node.house.id:
                    node.do(lambda tx, e=errand, n=node, at=at: travelling.at_home(n.house, tx, self.machines[at], e))  # type: ignore[misc]
                elif self.index(errand.node) not in self.dark:
                    answer, _ = self.post(at, self.index(errand.node), errand.body)
                    node.do(lambda tx, e=errand, n=node, a=answer: travelling.answered(n.house, tx, e, a))  # type: ignore[misc]

    def pledge(self, name: bytes, at: int, *wants: Want) -> bytes:
        node = self.nodes[at]
        return node.do(lambda tx: rounds.say(node.house, tx, self.firms[at], name, wants, drop=(1, 2, 0)[at]))

    def call(self, name: bytes, at: int) -> None:
        node = self.nodes[at]
        posts = node.do(lambda tx: travelling.call(node.house, tx, self.machines[at], name))
        self.deliver(at, [self.wrapped(at, post) for post in posts])

    def later(self) -> None:
        for node in self.nodes:
            node.now += 2 * HOUR

    def seen(self, name: bytes, at: int) -> rounds.Seen:
        node = self.nodes[at]
        return node.see(lambda tx: rounds.look(node.house, tx, name))


@pytest.fixture
def town() -> Town:
    return Town()


def october_pledged(town: Town) -> bytes:
    name = town.open()
    for at, (wanted, tolerance) in enumerate(((9, 1), (8, 1), (12, 2))):
        town.pledge(name, at, Want(0, wanted, tolerance, tolerance))
    return name


def test_october_with_the_organiser_dark(town: Town) -> None:
    name = october_pledged(town)
    town.carry(name)
    assert [town.seen(name, at).own[0].receipts for at in range(3)] == [3, 3, 3]
    assert [own.member for own in town.seen(name, 1).own] == [town.firms[1]]
    town.dark = {0}
    town.call(name, 1)
    assert not town.seen(name, 1).closed  # before the deadline nothing is called
    town.later()
    town.call(name, 1)
    town.carry(name)
    result = town.seen(name, 2).closed[0]
    assert (result.state, result.items, result.goods, result.freight) == (
        State.CONCLUDED, ((30, 3_960),), 118_800, 6_000,
    )  # fmt: skip
    told = town.seen(name, 2).told[0]
    assert told.slip is not None
    assert (told.slip.granted, told.slip.pays, told.alone) == (((0, 12),), 49_920, 55_440)
    town.dark = set()
    town.machines[0] = Seats()  # kyoto starts again: everything is read from its store
    town.call(name, 0)
    town.carry(name)
    assert town.seen(name, 0).closed == town.seen(name, 1).closed == (result,)
    assert town.seen(name, 0).told[0].slip.pays == 41_600  # type: ignore[union-attr]


def test_one_order_however_often_it_is_sent(town: Town) -> None:
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 0)
    kyoto = town.nodes[0]
    outcome = kyoto.do(lambda tx: rounds.require_outcome(kyoto.house, tx, town.machines[0], name))
    assert [place for place, _ in stopping.plan_of(outcome)] == [0, 1, 2]
    order, news = kyoto.do(lambda tx: rounds.send_order(kyoto.house, tx, town.machines[0], name))
    assert news
    assert kyoto.do(lambda tx: rounds.send_order(kyoto.house, tx, town.machines[0], name)) == (order, frozenset())


def test_a_returning_firm_goes_on_where_it_was(town: Town) -> None:
    """Its words, what it was told, and the rounds that they belong to: its next word has the next number."""
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 0)
    town.carry(name)
    toyota, firm = town.nodes[2], town.firms[2]
    found = toyota.see(lambda tx: [item for _, _, item in state.collect(toyota.house, tx, firm, {}) if item])
    fresh = Association("nagoya")
    history = toyota.see(lambda tx: members.history(toyota.house, tx, firm))
    fresh.do(lambda tx: members.learn_history(fresh.house, tx, history))
    for _ in range(2):  # twice changes nothing
        told = fresh.do(lambda tx: [line for item in found for line in state.rebuild(fresh.house, tx, firm, item)])
        assert told == []
    before, after = (node.see(lambda tx, n=node: rounds.look(n.house, tx, name, firm)) for node in (toyota, fresh))  # type: ignore[misc]
    assert (after.round, after.told, after.closed) == (before.round, before.told, before.closed)
    assert [(own.pledge, own.word) for own in after.own] == [(own.pledge, own.word) for own in before.own]
    others = fresh.see(lambda tx: [row.member for row in tx.joint.own(name)])
    assert others == [firm]
    bad = [bytes(32), *before.row[1:3]]
    assert "another round" in fresh.do(lambda tx: back.keep(fresh.house, tx, [bad]))[0]
    assert fresh.do(lambda tx: back.keep(fresh.house, tx, [[name, b"\xc0", 0]]))


def test_a_withdrawal_and_words_that_come_late(town: Town) -> None:
    name = october_pledged(town)
    town.carry(name)
    town.pledge(name, 2)
    assert town.seen(name, 2).own[0].pledge.wants == ()
    town.dark = {0}
    town.carry(name)
    town.dark = set()
    town.later()
    town.carry(name)  # kyoto hears of the withdrawal now: late, but two of three have taken it in time
    assert (town.seen(name, 2).own[0].receipts, town.seen(name, 2).own[0].late) == (2, 1)
    town.call(name, 1)
    assert town.seen(name, 1).closed[0].firms == 2
    with pytest.raises(CallerFault, match="deadline"):
        town.pledge(name, 0, Want(0, 1, 0, 0))


def test_what_is_refused(town: Town) -> None:
    name = october_pledged(town)
    kyoto, shikoku, _ = town.nodes
    with pytest.raises(NotFound):
        shikoku.do(lambda tx: rounds.say(shikoku.house, tx, town.supplier, name, ()))
    with pytest.raises(NotFound):
        shikoku.see(lambda tx: rounds.look(shikoku.house, tx, bytes(32)))
    with pytest.raises(CallerFault, match="past"):
        kyoto.do(lambda tx: rounds.announce(kyoto.house, tx, town.round(deadline=1)))
    with pytest.raises(CallerFault, match="not concluded"):
        kyoto.do(lambda tx: rounds.send_order(kyoto.house, tx, town.machines[0], name))
    stranger = Association("stranger")
    theirs = town.round(conductors=(Conductor(stranger.house.node.public, bytes(32)), *town.round().conductors[:2]))
    with pytest.raises(CallerFault, match="connected"):
        town.post(1, 0, travelling.wrap(terms.sign(stranger.house.node, theirs)))
    for body in (b"", b"\xc0", travelling.wrap(b"\xc0"), travelling.wrap(b"\x92\xa1x\xc0")):
        with pytest.raises((Malformed, PeerFault, NotFound)):
            town.post(1, 0, body)
    many = [kyoto.do(lambda tx, at=at: rounds.announce(kyoto.house, tx, town.round(name=str(at)))) for at in range(19)]  # type: ignore[misc]
    assert len(set(many)) == 19
    with pytest.raises(CallerFault, match="at most 20"):
        kyoto.do(lambda tx: rounds.announce(kyoto.house, tx, town.round(name="one more")))


def test_only_the_home_of_a_firm_is_told_its_slip(town: Town) -> None:
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 0)
    ask = travelling.wrap(travelling.canon.encode((travelling.ASK_TAG, name, 0, town.firms[2])))
    with pytest.raises(NotFound):
        town.post(1, 0, ask)
    assert town.post(2, 0, ask)[0] != travelling.NOTHING


def test_a_machine_is_read_again_as_it_was(town: Town) -> None:
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 0)
    kyoto = town.nodes[0]
    before = kyoto.do(lambda tx: town.machines[0].of(kyoto.house, tx, name))
    after = kyoto.do(lambda tx: Seats().of(kyoto.house, tx, name))
    assert before is not None
    assert after is not None
    assert (after.register, after.words, after.taken, after.closed) == (
        before.register, before.words, before.taken, before.closed,
    )  # fmt: skip
    assert list(after.outcomes) == list(before.outcomes)


def test_the_supplier_takes_the_first_order_and_holds_a_second_one(town: Town) -> None:
    """Two conductors that both order, because nobody telephoned: one order takes effect, a person sees the other."""
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 1)
    shikoku = town.nodes[1]
    for at in (0, 2):
        node = town.nodes[at]
        node.do(lambda tx, at=at, node=node: rounds.send_order(node.house, tx, town.machines[at], name))  # type: ignore[misc]
        node.send_all(shikoku)
    rows = shikoku.see(lambda tx: tx.holdings.before(town.supplier, limit=10))
    held, taken = ([row for row in rows if row.verdict == verdict] for verdict in ("held", "applied"))
    assert (len(held), len(taken)) == (1, 1)
    assert "joint order" in held[0].reason
    assert {held[0].partner, taken[0].partner} == {town.firms[0], town.firms[2]}


def test_a_strangers_paper_under_the_rounds_number_takes_nobodys_place(town: Town) -> None:
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 1)
    kyoto, shikoku = town.nodes[:2]
    stranger = kyoto.enrol("よそ者商店")
    shikoku.learn_from(kyoto)
    order = october_papers.order(billing.names_round(name))
    kyoto.do(lambda tx: trade.submit(kyoto.house, tx, stranger, [Submission(town.supplier, order)]))
    kyoto.do(lambda tx: rounds.send_order(kyoto.house, tx, town.machines[0], name))
    kyoto.send_all(shikoku)
    rows = shikoku.see(lambda tx: tx.holdings.before(town.supplier, limit=10))
    assert [row.verdict for row in rows] == ["applied", "applied"]
