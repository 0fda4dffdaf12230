"""Held documents between two houses: who decides, what follows them, and what a restored node has forgotten of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from node.services import dealings, held
from node.services.trade import Submission
from node.store import WaitingRow
from protocol.document import envelope
from protocol.errors import CallerFault
from protocol.identity.control import Reason
from protocol.link import batch as batches
from protocol.link.batch import Batch, Item
from protocol.process.trade.papers import DespatchAdvice, DespatchLine, Order, Scaled
from tests.node.services.town import Association, accept_order, order, two_towns

Verdicts = dict[bytes, str]


def verdicts(town: Association, member: bytes) -> Verdicts:
    return {row.document: row.verdict for row in town.see(lambda tx: tx.holdings.after(member, 0, 100))}


def fold(town: Association, thread: bytes) -> tuple[str, tuple[bytes, ...]]:
    state = town.see(lambda tx: dealings.fold(tx, thread)).state
    return state.state.value, state.heads


def listed(town: Association, member: bytes, thread: bytes) -> tuple[str, bytes, int]:
    row = town.see(lambda tx: tx.threads.get(member, thread))
    assert row is not None
    return row.state, row.heads, row.documents


def to_decide(town: Association, member: bytes) -> list[bytes]:
    return town.see(lambda tx: [item.holding.document for item in held.waiting(tx, member)])


def decide(town: Association, member: bytes, document: bytes, decision: str) -> None:
    town.do(lambda tx: held.decide(town.house, tx, member, document, decision, "clerk"))


def talk(*towns: Association) -> None:
    """Everything that is to be said goes over, both ways, until there is nothing more."""
    one, other = towns
    assert one.greet(other) == "ok"
    assert other.greet(one) == "ok"
    for _ in range(4):
        one.send_all(other)
        other.send_all(one)
    assert one.pending(other) == other.pending(one) == 0


def despatch(number: str, of: Order) -> DespatchAdvice:
    line = DespatchLine(line_id="1", order_line_id="1", quantity=Scaled(6), unit="H87")
    return DespatchAdvice(
        number=number, issue_date="2026-10-07", order=of.number, buyer=of.buyer, seller=of.seller, lines=(line,)
    )


class Twice(NamedTuple):
    """Kyoto has answered, forgotten it, answered again and shipped half and half after the second answer."""

    toyota: Association
    kyoto: Association
    buyer: bytes
    seller: bytes
    thread: bytes
    first: bytes
    second: bytes
    shipped: bytes
    rest: bytes

    def ends(self) -> tuple[Verdicts, Verdicts]:
        """What both ends say of the papers of Kyoto."""
        ours = (self.first, self.second, self.shipped, self.rest)
        found = verdicts(self.toyota, self.buyer), verdicts(self.kyoto, self.seller)
        return {one: found[0][one] for one in ours}, {one: found[1][one] for one in ours}

    def require_alike(self) -> None:
        """Both ends fold the dealing to the same."""
        assert fold(self.toyota, self.thread) == fold(self.kyoto, self.thread)
        assert listed(self.toyota, self.buyer, self.thread) == listed(self.kyoto, self.seller, self.thread)
        for town in (self.toyota, self.kyoto):
            for document in (self.first, self.second, self.shipped, self.rest):
                assert town.see(lambda tx, d=document: tx.waiting.of(d)) == []


@pytest.fixture
def twice() -> Twice:
    toyota, kyoto, buyer, seller = two_towns()
    wanted = order("PO-1")
    thread = toyota.submit(buyer, Submission(seller, wanted))[0].id
    toyota.send_all(kyoto)
    backup = kyoto.store.serialize()
    first = kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))[0].id
    talk(toyota, kyoto)
    kyoto.restore(backup)
    second = kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))[0].id
    shipped = kyoto.submit(seller, Submission(buyer, despatch("D-1", wanted), thread=thread))[0].id
    rest = kyoto.submit(seller, Submission(buyer, despatch("D-2", wanted), thread=thread))[0].id
    talk(toyota, kyoto)
    return Twice(toyota, kyoto, buyer, seller, thread, first, second, shipped, rest)


def test_what_came_back_has_the_verdict_of_its_recipient(twice: Twice) -> None:
    there, here = twice.ends()
    assert there == {twice.first: "applied", twice.second: "held", twice.shipped: "waiting", twice.rest: "waiting"}
    assert here == {twice.first: "applied", twice.second: "held", twice.shipped: "applied", twice.rest: "applied"}
    assert fold(twice.toyota, twice.thread) == fold(twice.kyoto, twice.thread)


def test_only_its_recipients_side_decides_what_has_arrived(twice: Twice) -> None:
    assert to_decide(twice.toyota, twice.buyer) == [twice.second]
    assert to_decide(twice.kyoto, twice.seller) == []
    with pytest.raises(CallerFault) as caught:
        decide(twice.kyoto, twice.seller, twice.second, held.REFUSE)
    assert caught.value.code == "theirs"


@pytest.mark.parametrize(("decision", "becomes"), [(held.REFUSE, "refused"), (held.APPLY, "applied")])
def test_what_follows_a_held_document_goes_on_when_it_is_decided(twice: Twice, decision: str, becomes: str) -> None:
    decide(twice.toyota, twice.buyer, twice.second, decision)
    talk(twice.toyota, twice.kyoto)
    there, here = twice.ends()
    assert (
        there
        == here
        == {twice.first: "applied", twice.second: becomes, twice.shipped: "applied", twice.rest: "applied"}
    )
    assert fold(twice.toyota, twice.thread)[0] == "shipped"
    twice.require_alike()


def test_a_decision_that_the_author_has_forgotten_is_told_again(twice: Twice) -> None:
    backup = twice.kyoto.store.serialize()
    decide(twice.toyota, twice.buyer, twice.second, held.REFUSE)
    talk(twice.toyota, twice.kyoto)
    twice.kyoto.restore(backup)
    assert verdicts(twice.kyoto, twice.seller)[twice.second] == "held"
    talk(twice.toyota, twice.kyoto)
    there, here = twice.ends()
    assert (
        there
        == here
        == {twice.first: "applied", twice.second: "refused", twice.shipped: "applied", twice.rest: "applied"}
    )
    twice.require_alike()


def test_a_decision_that_its_recipient_has_forgotten_is_taken_again(twice: Twice) -> None:
    backup = twice.toyota.store.serialize()
    decide(twice.toyota, twice.buyer, twice.second, held.REFUSE)
    talk(twice.toyota, twice.kyoto)
    assert twice.ends()[1][twice.second] == "refused"
    twice.toyota.restore(backup)
    talk(twice.toyota, twice.kyoto)
    assert to_decide(twice.toyota, twice.buyer) == [twice.second]
    decide(twice.toyota, twice.buyer, twice.second, held.APPLY)
    talk(twice.toyota, twice.kyoto)
    there, here = twice.ends()
    assert (
        there
        == here
        == {twice.first: "applied", twice.second: "applied", twice.shipped: "applied", twice.rest: "applied"}
    )
    twice.require_alike()


def test_what_comes_back_before_what_it_follows_is_in_the_list_of_dealings() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    empty = kyoto.store.serialize()
    wanted = order("PO-1")
    thread = toyota.submit(buyer, Submission(seller, wanted))[0].id
    talk(toyota, kyoto)
    first = kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))[0].id
    second = kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))[0].id
    decide(kyoto, seller, second, held.APPLY)
    talk(toyota, kyoto)
    decide(toyota, buyer, second, held.APPLY)
    talk(toyota, kyoto)
    kyoto.restore(empty)
    assert kyoto.greet(toyota) == toyota.greet(kyoto) == "ok"
    kyoto.send_all(toyota)
    backwards(toyota, kyoto, [second, first, thread])
    assert set(verdicts(kyoto, seller).values()) == {"applied"}
    assert fold(toyota, thread) == fold(kyoto, thread)
    assert listed(toyota, buyer, thread) == listed(kyoto, seller, thread)


def test_what_is_held_before_its_parent_comes_waits_for_it_after_the_decision() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    parent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0].id
    rival = toyota.submit(buyer, Submission(seller, order("PO-1", 20), revision=1))[0].id
    child = toyota.submit(buyer, Submission(seller, order("PO-1", 30), thread=parent, revision=1))[0].id
    decide(toyota, buyer, child, held.APPLY)
    assert kyoto.greet(toyota) == toyota.greet(kyoto) == "ok"
    history, *rest = sent_by(toyota, kyoto)
    give(toyota, kyoto, [history, rest[1], rest[2]])
    assert verdicts(kyoto, seller) == {rival: "applied", child: "held"}
    assert kyoto.see(lambda tx: tx.waiting.of(child)) == [WaitingRow(child, parent, "parent")]
    decide(kyoto, seller, child, held.APPLY)
    assert verdicts(kyoto, seller)[child] == "waiting"
    give(toyota, kyoto, [rest[0]], after=rest[2].position)
    assert verdicts(kyoto, seller) == {parent: "applied", rival: "applied", child: "applied"}
    assert kyoto.see(lambda tx: tx.waiting.of(child)) == []
    assert fold(kyoto, parent) == fold(toyota, parent)
    assert listed(kyoto, seller, parent) == listed(toyota, buyer, parent)


def backwards(one: Association, other: Association, wanted: list[bytes]) -> None:
    """``one`` gives what it has for the other in this order, and says at once what became of what comes back."""
    items = sent_by(one, other)
    documents = {envelope.parse(item.payload).id: item for item in items if item.kind == "document"}
    queue = [*(item for item in items if item.kind != "document"), *(documents[document] for document in wanted)]
    after = 0
    for at, item in zip(items, queue, strict=True):
        give(one, other, [item._replace(position=at.position)], after)
        other.send_all(one)
        after = at.position


def sent_by(one: Association, other: Association) -> tuple[Item, ...]:
    offer = one.offer(other)
    assert offer is not None
    return batches.verify(offer.wire, one.house.node.public).items


def give(one: Association, other: Association, items: Sequence[Item], after: int = 0) -> None:
    """These items in a batch; where they stand in the stream is made to fit."""
    placed = tuple(item._replace(position=max(after + 1, item.position)) for item in items)
    batch = Batch("test", one.house.id, other.house.id, one.house.incarnation, after, placed)
    other.take(one, batches.sign(one.house.node, batch))


def test_its_author_decides_while_nobody_else_has_it_and_it_stays_home() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    wanted = order("PO-1")
    thread = toyota.submit(buyer, Submission(seller, wanted))[0].id
    backup = toyota.store.serialize()
    talk(toyota, kyoto)
    answer = kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))[0]
    again = kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))[0]
    assert again.verdict == "held"
    assert to_decide(kyoto, seller) == [again.id]
    decide(kyoto, seller, again.id, held.REFUSE)
    talk(toyota, kyoto)
    toyota.restore(backup)  # and it is not among what a restored partner lacks
    talk(toyota, kyoto)
    assert answer.id in verdicts(toyota, buyer)
    assert again.id not in verdicts(toyota, buyer)
    assert fold(kyoto, thread) == fold(toyota, thread) == ("accepted", (answer.id,))


def test_sent_after_all_and_forgotten_it_is_its_recipients_to_decide() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    second = toyota.submit(buyer, Submission(seller, order("PO-1", quantity=99)))[0].id
    backup = toyota.store.serialize()
    decide(toyota, buyer, second, held.APPLY)
    talk(toyota, kyoto)
    assert to_decide(kyoto, seller) == [second]
    decide(kyoto, seller, second, held.APPLY)
    talk(toyota, kyoto)
    toyota.restore(backup)
    assert to_decide(toyota, buyer) == [second]
    talk(toyota, kyoto)
    assert to_decide(toyota, buyer) == to_decide(kyoto, seller) == []
    assert verdicts(toyota, buyer)[second] == verdicts(kyoto, seller)[second] == "applied"


@pytest.mark.parametrize(("decision", "becomes"), [(held.REFUSE, "refused"), (held.APPLY, "applied")])
def test_between_members_of_one_node_the_recipient_decides_for_both(decision: str, becomes: str) -> None:
    toyota, _, buyer, _ = two_towns()
    other = toyota.enrol("一寸法師精密")
    toyota.submit(buyer, Submission(other, order("PO-1")))
    second = toyota.submit(buyer, Submission(other, order("PO-1", quantity=99)))[0].id
    assert to_decide(toyota, other) == [second]
    decide(toyota, other, second, decision)
    assert verdicts(toyota, buyer)[second] == verdicts(toyota, other)[second] == becomes


def test_between_members_of_one_node_the_author_may_take_it_back_and_no_more() -> None:
    toyota, _, buyer, _ = two_towns()
    other = toyota.enrol("一寸法師精密")
    toyota.submit(buyer, Submission(other, order("PO-1")))
    second = toyota.submit(buyer, Submission(other, order("PO-1", quantity=99)))[0].id
    with pytest.raises(CallerFault) as caught:
        decide(toyota, buyer, second, held.APPLY)
    assert caught.value.code == "theirs"
    decide(toyota, buyer, second, held.REFUSE)
    assert verdicts(toyota, buyer)[second] == verdicts(toyota, other)[second] == "refused"


def test_waiting_for_a_receipt_keeps_nothing_from_effect() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    parent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    child = toyota.submit(buyer, Submission(seller, order("PO-1", 20), thread=parent.thread, revision=1))[0]
    offer = toyota.offer(kyoto)
    assert offer is not None
    history, first, second = batches.verify(offer.wire, toyota.house.node.public).items
    late = first._replace(position=second.position + 1)
    for after, items in ((0, (history, second)), (second.position, (late,))):
        batch = Batch("test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, after, items)
        kyoto.take(toyota, batches.sign(toyota.house.node, batch))
        kyoto.do(lambda tx: tx.waiting.add_many([WaitingRow(child.id, buyer, "receipt")] if not after else []))  # noqa: B023
    assert verdicts(kyoto, seller) == {parent.id: "applied", child.id: "applied"}


def test_an_answer_that_comes_after_a_later_verdict_takes_nothing_back() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    second = toyota.submit(buyer, Submission(seller, order("PO-1", quantity=99)))[0].id
    decide(toyota, buyer, second, held.APPLY)
    assert kyoto.greet(toyota) == toyota.greet(kyoto) == "ok"
    offer = toyota.offer(kyoto)
    assert offer is not None
    _, late = kyoto.take(toyota, offer.wire)
    decide(kyoto, seller, second, held.APPLY)
    kyoto.send_all(toyota)
    toyota.credit(kyoto, late)
    assert verdicts(kyoto, seller)[second] == verdicts(toyota, buyer)[second] == "applied"
    marks = toyota.see(lambda tx: tx.outgoing.marks([second]))
    assert [mark.verdict for mark in marks[second]] == ["applied"]


def test_the_receipt_for_an_older_history_is_none_for_the_next() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    kyoto.submit(seller, Submission(buyer, order("PO-1")))
    assert kyoto.greet(toyota) == "ok"
    offer = kyoto.offer(toyota)
    assert offer is not None
    _, slow = toyota.take(kyoto, offer.wire)
    kyoto.restart(Reason.RESTART)
    toyota.submit(buyer, Submission(seller, order("PO-2")))
    assert toyota.greet(kyoto) == "ok"
    toyota.send_all(kyoto)  # its receipt is of an epoch that the history in Kyoto's stream tells of
    kyoto.credit(toyota, slow)
    talk(toyota, kyoto)
    assert set(verdicts(kyoto, seller).values()) == {"applied"}
