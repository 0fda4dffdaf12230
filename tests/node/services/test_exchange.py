"""Documents between two houses: delivered once, receipted after the commit, bad ones alone."""

from __future__ import annotations

import pytest

from node.services import dealings, exchange, held, intake, members, receipting
from node.services.intake import SENT, Arrival, Restored
from node.services.trade import Submission
from protocol.document import envelope
from protocol.errors import BadSignature, CallerFault, ImpossibleStep, Misdirected, NotAuthorised, NotFound
from protocol.identity.control import Reason
from protocol.journal import Kind
from protocol.link import batch as batches
from protocol.link import receipt as receipts
from protocol.link.batch import Batch, Item
from protocol.link.receipt import Leaf, Verdict
from tests.node.services.town import Association, accept_order, order, two_towns


def verdicts(town: Association, member: bytes) -> list[str]:
    return [row.verdict for row in town.see(lambda tx: tx.holdings.after(member, 0, 100))]


def state(town: Association, thread: bytes) -> str:
    return town.see(lambda tx: dealings.fold(tx, thread)).state.state.value


def test_an_order_arrives_and_its_answer_comes_back() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    wanted = order("PO-1")
    sent = toyota.submit(buyer, Submission(seller, wanted))[0]
    toyota.send_all(kyoto)
    kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=sent.thread))
    assert kyoto.greet(toyota) == "ok"
    kyoto.send_all(toyota)
    assert state(toyota, sent.thread) == state(kyoto, sent.thread) == "accepted"
    assert toyota.pending(kyoto) == kyoto.pending(toyota) == 0


def test_a_lost_receipt_changes_nothing_at_the_second_try() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    offer = toyota.offer(kyoto)
    assert offer is not None
    first, _ = kyoto.take(toyota, offer.wire)
    again, receipt = kyoto.take(toyota, offer.wire)
    assert [leaf for leaf in again.leaves if leaf.document == sent.id] == [
        leaf for leaf in first.leaves if leaf.document == sent.id
    ]
    assert verdicts(kyoto, seller) == ["applied"]
    toyota.credit(kyoto, receipt)
    assert toyota.pending(kyoto) == 0


def test_a_gap_is_answered_with_the_cursor() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    offer = toyota.offer(kyoto, after=0)
    assert offer is not None
    late = Batch("test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, 900, ())
    taken, _ = kyoto.take(toyota, batches.sign(toyota.house.node, late))
    assert taken.gap
    assert taken.cursor == 0
    assert not taken.leaves


def test_one_poisoned_document_is_quarantined_alone() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, *(Submission(seller, order(f"PO-{n}")) for n in range(3)))
    offer = toyota.offer(kyoto)
    assert offer is not None
    batch = batches.verify(offer.wire, toyota.house.node.public)
    poisoned = [
        item._replace(payload=item.payload[:-1] + bytes([item.payload[-1] ^ 1])) if at == 2 else item
        for at, item in enumerate(batch.items)
    ]
    wire = batches.sign(toyota.house.node, batch._replace(items=tuple(poisoned)))
    taken, receipt = kyoto.take(toyota, wire)
    assert sorted(leaf.verdict for leaf in taken.leaves) == ["applied", "applied", "applied", "quarantined"]
    assert verdicts(kyoto, seller) == ["applied", "applied"]
    toyota.credit(kyoto, receipt)
    assert toyota.pending(kyoto) == 1
    toyota.send_all(kyoto)
    assert verdicts(kyoto, seller) == ["applied"] * 3


def test_a_batch_is_refused_whole_if_it_is_not_its_senders() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    offer = toyota.offer(kyoto)
    assert offer is not None
    stranger = Association("四国")
    with pytest.raises(NotAuthorised):
        kyoto.do(lambda tx: exchange.receive_batch(kyoto.house, tx, stranger.house.id, offer.wire))
    kyoto.accept(stranger)
    with pytest.raises(BadSignature):
        kyoto.do(lambda tx: exchange.receive_batch(kyoto.house, tx, stranger.house.id, offer.wire))
    elsewhere = Batch("test", toyota.house.id, stranger.house.id, toyota.house.incarnation, 0, ())
    with pytest.raises(Misdirected):
        kyoto.take(toyota, batches.sign(toyota.house.node, elsewhere))
    assert verdicts(kyoto, seller) == []


def test_a_stream_needs_a_hello_and_ends_with_the_next() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    offer = toyota.offer(kyoto)
    assert offer is not None
    toyota.restart()
    assert toyota.greet(kyoto) == "ok"
    with pytest.raises(exchange.GreetFirst):
        kyoto.take(toyota, offer.wire)
    toyota.send_all(kyoto)
    assert verdicts(kyoto, seller) == ["applied"]


def test_the_same_number_twice_is_held_for_a_person() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    first = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    second = toyota.submit(buyer, Submission(seller, order("PO-1", quantity=99)))[0]
    assert (first.verdict, second.verdict) == ("applied", "held")
    toyota.send_all(kyoto)
    assert verdicts(kyoto, seller) == ["applied"]
    toyota.do(lambda tx: held.decide(toyota.house, tx, buyer, second.id, held.APPLY, "clerk"))
    toyota.send_all(kyoto)
    assert verdicts(kyoto, seller) == ["applied", "held"]
    assert verdicts(toyota, buyer)[-1] == "held"
    kyoto.do(lambda tx: held.decide(kyoto.house, tx, seller, second.id, held.APPLY, "clerk"))
    kyoto.greet(toyota)
    kyoto.send_all(toyota)
    assert verdicts(toyota, buyer) == verdicts(kyoto, seller) == ["applied", "applied"]
    with pytest.raises(CallerFault):
        kyoto.do(lambda tx: held.decide(kyoto.house, tx, seller, second.id, held.REFUSE, "clerk"))


def test_an_impossible_step_is_refused_and_nothing_is_stored() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    wanted = order("PO-1")
    sent = toyota.submit(buyer, Submission(seller, wanted))[0]
    toyota.send_all(kyoto)
    kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted, "refused"), thread=sent.thread))
    before = kyoto.see(lambda tx: (tx.documents.count(), tx.journal.count()))
    with pytest.raises(ImpossibleStep):
        kyoto.submit(seller, Submission(buyer, accept_order("R-2", wanted), thread=sent.thread))
    assert kyoto.see(lambda tx: (tx.documents.count(), tx.journal.count())) == before
    assert state(kyoto, sent.thread) == "refused"


def test_a_child_waits_for_its_parent_and_a_later_receipt_says_so() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    wanted = order("PO-1")
    parent = toyota.submit(buyer, Submission(seller, wanted))[0]
    toyota.submit(buyer, Submission(seller, order("PO-1", 20), thread=parent.thread, revision=1))
    offer = toyota.offer(kyoto)
    assert offer is not None
    items = batches.verify(offer.wire, toyota.house.node.public).items
    swapped = [items[0], items[2]._replace(position=items[1].position), items[1]._replace(position=items[2].position)]
    batch = Batch("test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, 0, tuple(swapped[:2]))
    taken, receipt = kyoto.take(toyota, batches.sign(toyota.house.node, batch))
    assert [leaf.verdict for leaf in taken.leaves][1:] == ["waiting"]
    toyota.credit(kyoto, receipt)
    rest = Batch("test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, swapped[1].position, (swapped[2],))
    taken, receipt = kyoto.take(toyota, batches.sign(toyota.house.node, rest))
    assert toyota.house.id in taken.news
    toyota.credit(kyoto, receipt)
    kyoto.greet(toyota)
    kyoto.send_all(toyota)
    marks = toyota.see(lambda tx: tx.outgoing.marks([items[2].payload and envelope.parse(items[2].payload).id]))
    assert {mark.verdict for found in marks.values() for mark in found} == {kyoto_verdict(kyoto, seller)}


def kyoto_verdict(kyoto: Association, seller: bytes) -> str:
    return verdicts(kyoto, seller)[-1]


def test_unknown_author_is_asked_for_and_offered_again() -> None:
    toyota, kyoto, _buyer, seller = two_towns()
    newcomer = toyota.enrol("一寸法師精密")
    tip = log_tip(toyota, newcomer)
    toyota.do(lambda tx: tx.knows.put_many([(kyoto.house.id, newcomer, tip)]))
    toyota.submit(newcomer, Submission(seller, order("PO-9")))
    toyota.send_all(kyoto)
    assert verdicts(kyoto, seller) == ["applied"]
    assert toyota.pending(kyoto) == 0


def test_a_peer_that_refuses_a_history_is_not_asked_for_ever() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    for _ in range(receipting.MAX_RETELLS + 2):  # Kyoto says each time that it does not know the author
        offer = toyota.offer(kyoto)
        assert offer is not None
        leaf = Leaf(sent.id, seller, b"", 0, "quarantined", False, receipting.UNKNOWN_AUTHOR)
        receipt = receipts.sign(
            kyoto.house.node, "test", toyota.house.id, toyota.house.incarnation, offer.last, [leaf], 1
        )
        accepted = toyota.credit(kyoto, receipt)
        if not accepted.again:
            break
    assert accepted.again == 0
    marks = toyota.see(lambda tx: tx.outgoing.marks([sent.id]))[sent.id]
    assert {mark.verdict for mark in marks} == {"quarantined"}


def log_tip(town: Association, member: bytes) -> bytes:
    return town.see(lambda tx: members.require_log(town.house, tx, member)).standing.hash


def test_a_recipient_that_is_not_here_is_quarantined() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    kyoto.do(lambda tx: members.suspend(tx, seller))
    taken = toyota.send_all(kyoto)
    assert [leaf.verdict for leaf in taken[0].leaves][1:] == ["quarantined"]
    assert verdicts(kyoto, seller) == []


def test_unknown_recipients_and_strangers_look_the_same() -> None:
    toyota, _, buyer, _ = two_towns()
    with pytest.raises(NotFound):
        toyota.submit(buyer, Submission(b"\7" * 32, order("PO-1")))
    with pytest.raises(NotFound):
        toyota.submit(b"\7" * 32, Submission(buyer, order("PO-1")))


def test_a_dealing_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealings, "MAX_THREAD_DOCUMENTS", 3)
    toyota, _, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    for revision in (1, 2):
        toyota.submit(buyer, Submission(seller, order("PO-1", 20 + revision), thread=sent.thread, revision=revision))
    with pytest.raises(ImpossibleStep):
        toyota.submit(buyer, Submission(seller, order("PO-1", 30), thread=sent.thread, revision=3))


def test_two_members_of_one_node_trade_without_a_link() -> None:
    toyota, _, buyer, _ = two_towns()
    other = toyota.enrol("一寸法師精密")
    sent = toyota.submit(buyer, Submission(other, order("PO-5")))[0]
    assert verdicts(toyota, other) == verdicts(toyota, buyer) == ["applied"]
    assert state(toyota, sent.thread) == "ordered"


def test_an_unclean_restart_opens_an_epoch_and_receipts_go_on() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    toyota.send_all(kyoto)
    before = log_tip(kyoto, seller)
    kyoto.restart(Reason.RESTART)
    assert log_tip(kyoto, seller) != before
    toyota.submit(buyer, Submission(seller, order("PO-2")))
    assert kyoto.greet(toyota) == "ok"
    toyota.send_all(kyoto)
    assert verdicts(kyoto, seller) == ["applied", "applied"]
    assert toyota.pending(kyoto) == 1  # its receipt is of an epoch that Toyota has not heard of
    kyoto.send_all(toyota)
    toyota.send_all(kyoto)
    assert verdicts(kyoto, seller) == ["applied", "applied"]
    assert toyota.pending(kyoto) == 0


def test_every_entry_is_in_its_journal_under_a_signed_head() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, *(Submission(seller, order(f"PO-{n}")) for n in range(5)))
    toyota.send_all(kyoto)
    for town, member, kind in ((toyota, buyer, Kind.SENT), (kyoto, seller, Kind.RECEIVED)):
        head = town.see(lambda tx, m=member: tx.heads.get(m))
        assert head is not None
        rows = town.see(lambda tx, m=member, e=head.epoch: tx.journal.after(m, e, 0, 100))
        assert [row.object for row in rows if row.kind == kind.value] == [item.id for item in sent]
        assert (rows[-1].seq, rows[-1].hash) == (head.seq, head.hash)


def test_an_unknown_kind_of_item_stops_nobody() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    offer = toyota.offer(kyoto)
    assert offer is not None
    batch = batches.verify(offer.wire, toyota.house.node.public)
    items = (*batch.items, Item(batch.items[-1].position + 1, "gossip", b"\xc0"))
    taken, _ = kyoto.take(toyota, batches.sign(toyota.house.node, batch._replace(items=items)))
    assert [leaf.verdict for leaf in taken.leaves] == ["applied", "applied", "quarantined"]


def test_a_document_that_is_stored_for_somebody_else_already_is_received_all_the_same() -> None:
    """Its author is being brought back here, and its copies were put back before its old home sent it."""
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    stored = toyota.see(lambda tx: tx.documents.full(sent.id))
    assert stored is not None
    back = Restored(Arrival(dealings.document_of(stored), buyer, SENT, seller), "applied", "", kyoto.now, 0)
    kyoto.do(lambda tx: intake.restore(tx, [back]))
    toyota.send_all(kyoto)
    held = kyoto.see(lambda tx: tx.holdings.get(seller, sent.id))
    assert held is not None
    assert (held.direction, held.verdict) == ("received", "applied")
    assert state(kyoto, sent.id) == state(toyota, sent.id)
    assert toyota.pending(kyoto) == 0


def test_a_node_that_is_not_the_recipients_home_has_no_say() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    nara = Association("奈良")
    toyota.accept(nara)
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    leaf = Leaf(sent.id, seller, b"", 0, Verdict.QUARANTINED.value, False, "its recipient is not a member of this node")
    said = receipts.sign(nara.house.node, "test", toyota.house.id, toyota.house.incarnation, 1, [leaf], nara.now)
    toyota.credit(nara, said)
    assert toyota.see(lambda tx: tx.holdings.get(buyer, sent.id)).verdict == "applied"
    said = receipts.sign(kyoto.house.node, "test", toyota.house.id, toyota.house.incarnation, 1, [leaf], kyoto.now)
    toyota.credit(kyoto, said)
    assert toyota.see(lambda tx: tx.holdings.get(buyer, sent.id)).verdict == "quarantined"


def test_a_home_that_was_left_says_no_verdict_of_its_own_any_more() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    offer = toyota.offer(kyoto)
    assert offer is not None
    first, _ = kyoto.take(toyota, offer.wire)
    assert [leaf.verdict for leaf in first.leaves if leaf.recipient == seller] == ["applied"]
    kyoto.do(lambda tx: tx.members.put(members.require_local(tx, seller)._replace(local=False, home=bytes(32))))
    again, _ = kyoto.take(toyota, offer.wire)
    said = [(leaf.verdict, leaf.reason) for leaf in again.leaves if leaf.recipient == seller]
    assert said == [("quarantined", receipting.ELSEWHERE)]


def test_what_a_member_that_left_thought_of_a_document_is_not_what_its_partner_here_sees() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    toyota.send_all(kyoto)
    before = state(kyoto, sent.id)
    stored = toyota.see(lambda tx: tx.documents.full(sent.id))
    assert stored is not None
    old = Restored(Arrival(dealings.document_of(stored), buyer, SENT, seller), "held", "same number", kyoto.now, 0)
    kyoto.do(lambda tx: intake.restore(tx, [old]))
    kyoto.do(lambda tx: dealings.refresh(kyoto.house, tx, [sent.id]))
    assert [fact.id for fact in kyoto.see(lambda tx: dealings.fold(tx, sent.id)).facts] == [sent.id]
    assert state(kyoto, sent.id) == before
