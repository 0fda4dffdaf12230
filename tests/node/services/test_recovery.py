"""After restores: what one side lost is found again at the other, and what a journal lost is entered again."""

from __future__ import annotations

import pytest

from node.services import held, members, recovery
from node.services.trade import Submission
from node.store import MemoryStore, Tx
from protocol.identity.control import Reason
from protocol.link import batch as batches
from protocol.link.batch import Batch, Item
from protocol.link.receipt import Leaf, Verdict
from tests.node.services.town import Association, order, two_towns


def has(town: Association, document: bytes) -> bool:
    return town.see(lambda tx: tx.documents.get(document)) is not None


def put_back(town: Association, image: bytes) -> None:
    """An old image for the data, and a restored node's start."""
    town.store = MemoryStore(image)
    town.restart(Reason.RESTORE)


def talk(*towns: Association) -> None:
    """Everybody sends what is pending, until nothing moves."""
    for _ in range(4):
        for one in towns:
            for other in one.peers:
                assert one.greet(other) == "ok"
                one.send_all(other)


def test_what_a_restored_node_lost_comes_back_from_its_partner() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    image = toyota.store.serialize()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    talk(toyota, kyoto)
    put_back(toyota, image)
    assert not has(toyota, sent.id)
    talk(toyota, kyoto)
    assert has(toyota, sent.id)


def test_a_partner_that_lost_what_it_was_about_to_return_is_asked_again() -> None:
    """The two lists are the same as at the first comparison; the partner has forgotten that it owes something."""
    toyota, kyoto, buyer, seller = two_towns()
    first = toyota.store.serialize()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    talk(toyota, kyoto)
    second = kyoto.store.serialize()
    kyoto.restart(Reason.RESTART)  # its history is on its way to Toyota, which will compare before it is told anything
    put_back(toyota, first)
    tell(kyoto, toyota, seller)  # Toyota lacks the order, says what it has, and will not be asked twice for the same
    assert kyoto.greet(toyota) == toyota.greet(kyoto) == "ok"
    toyota.send_all(kyoto)  # Kyoto queues the order …
    put_back(kyoto, second)  # … and loses its queue
    assert not has(toyota, sent.id)
    talk(toyota, kyoto)
    assert has(toyota, sent.id)


@pytest.mark.parametrize("theirs", [held.APPLY, held.REFUSE])
def test_what_was_sent_before_a_restore_and_refused_after_it_is_what_its_recipient_says(theirs: str) -> None:
    """A clerk lets a second paper with one number go; the node is put back to before that, and the clerk refuses it.

    Its recipient has it, so it is a paper of the dealing on both sides, with the recipient's verdict (seed 189).
    """
    toyota, kyoto, buyer, seller = two_towns()
    first = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    twin = toyota.submit(buyer, Submission(seller, order("PO-1", 20), thread=first.thread))[0]
    assert twin.verdict == "held"
    talk(toyota, kyoto)
    image = toyota.store.serialize()
    decide(toyota, buyer, twin.id, held.APPLY)
    talk(toyota, kyoto)
    assert verdict(kyoto, seller, twin.id) == "held"
    decide(kyoto, seller, twin.id, theirs)
    put_back(toyota, image)
    decide(toyota, buyer, twin.id, held.REFUSE)
    talk(toyota, kyoto)
    assert verdict(toyota, buyer, twin.id) == verdict(kyoto, seller, twin.id)
    rows = [
        town.see(lambda tx, m=member: tx.threads.get(m, first.thread))
        for town, member in ((toyota, buyer), (kyoto, seller))
    ]
    said = [(row.state, row.heads, row.documents, row.next_actor) for row in rows if row is not None]
    assert len(said) == 2
    assert said[0] == said[1]


def test_a_late_receipt_of_a_journals_cut_off_end_has_the_document_offered_again() -> None:
    """The record that cut it off is known already, and none may follow: waiting for one would be for ever (seed 30)."""
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    talk(toyota, kyoto)
    old = kyoto.see(lambda tx: members.require_log(kyoto.house, tx, seller)).epoch
    kyoto.restart(Reason.RESTORE)
    talk(toyota, kyoto)
    log = toyota.see(lambda tx: members.require_log(toyota.house, tx, seller))
    assert log.epoch.parent == old.hash
    late = Leaf(sent.id, seller, old.hash, log.epoch.parent_seq + 1, Verdict.REFUSED.value, False, "")

    def hear(tx: Tx) -> set[bytes]:
        return recovery.await_epoch(toyota.house, tx, [late])

    assert toyota.offer(kyoto) is None
    assert toyota.do(hear) == {kyoto.house.id}
    assert toyota.offer(kyoto) is not None
    talk(toyota, kyoto)
    assert toyota.do(hear) == set()  # once: it may come from an old copy that says it again and again


def test_a_later_verdict_that_waits_for_a_restored_home_brings_its_epoch_again() -> None:
    """The author's home is put back to before the epoch under which the refusal was given, and believes that its paper
    was let go: it asks for nothing, so the record has to come with the receipt (seed 109)."""
    toyota, kyoto, buyer, seller = two_towns()
    first = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    twin = toyota.submit(buyer, Submission(seller, order("PO-1", 20), thread=first.thread))[0]
    decide(toyota, buyer, twin.id, held.APPLY)
    talk(toyota, kyoto)
    undecided = kyoto.store.serialize()
    decide(kyoto, seller, twin.id, held.APPLY)
    talk(toyota, kyoto)
    let_go = toyota.store.serialize()
    put_back(kyoto, undecided)
    talk(toyota, kyoto)
    decide(kyoto, seller, twin.id, held.REFUSE)
    put_back(toyota, let_go)
    talk(toyota, kyoto)
    assert verdict(kyoto, seller, twin.id) == "refused"
    assert verdict(toyota, buyer, twin.id) == "refused"


def decide(town: Association, member: bytes, document: bytes, decision: str) -> None:
    town.do(lambda tx: held.decide(town.house, tx, member, document, decision, "clerk"))


def verdict(town: Association, member: bytes, document: bytes) -> str:
    row = town.see(lambda tx: tx.holdings.get(member, document))
    assert row is not None
    return row.verdict


def tell(town: Association, other: Association, member: bytes) -> None:
    """``town`` tells what it holds of the dealings of its ``member`` with the members at ``other``."""
    town.do(lambda tx: members.tell_history(town.house, tx, other.house.id, member))
    town.do(lambda tx: recovery.tell_holdings(town.house, tx, member, other.house.id))
    assert town.greet(other) == "ok"
    town.send_all(other)


def test_a_document_that_first_waited_is_entered_again_with_its_last_verdict() -> None:
    """Its first entry, *waiting*, stands; the one that its receipt names was cut off with the end of the epoch."""
    toyota, kyoto, buyer, seller = two_towns()
    parent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    child = toyota.submit(buyer, Submission(seller, order("PO-1", 20), thread=parent.thread, revision=1))[0]
    offer = toyota.offer(kyoto)
    assert offer is not None
    history, first, second = batches.verify(offer.wire, toyota.house.node.public).items
    deliver(toyota, kyoto, 0, history, second._replace(position=first.position))
    image = kyoto.store.serialize()
    copy_opens_an_epoch(kyoto, image)
    deliver(toyota, kyoto, first.position, first._replace(position=second.position))
    assert positions(kyoto, seller, child.id) == [("waiting", True), ("applied", True)]
    kyoto.restart(Reason.RESTORE)
    kept = positions(kyoto, seller, child.id)
    assert kept[:2] == [("waiting", True), ("applied", False)]
    assert kept[-1] == ("applied", True)
    given = kyoto.see(lambda tx: tx.given.get_many([child.id]))[child.id, seller]
    log = kyoto.see(lambda tx: members.require_log(kyoto.house, tx, seller))
    assert log.covers(given.epoch, given.seq)


def deliver(town: Association, other: Association, after: int, *items: Item) -> None:
    batch = Batch("test", town.house.id, other.house.id, town.house.incarnation, after, items)
    other.take(town, batches.sign(town.house.node, batch))


def copy_opens_an_epoch(town: Association, image: bytes) -> None:
    """Another process on a copy of the data opens an epoch, and tells the peers."""
    original, run = town.store, town.house
    town.store = MemoryStore(image)
    town.restart(Reason.RESTART)
    for peer in town.peers:
        town.greet(peer)
        town.send_all(peer)
    town.store, town.house = original, run


def positions(town: Association, member: bytes, document: bytes) -> list[tuple[str, bool]]:
    """Verdict of each entry, and whether it stands."""

    def read(tx: Tx) -> list[tuple[str, bool]]:
        log = members.require_log(town.house, tx, member)
        return [(row.verdict, log.covers(row.epoch, row.seq)) for row in tx.journal.by_object(member, document)]

    return town.see(read)
