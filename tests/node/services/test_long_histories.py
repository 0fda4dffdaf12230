"""A member whose control log is longer than a batch: it trades, is found, comes back and is carried as every other."""

from __future__ import annotations

import pytest

from node.services import members, proof, recovery
from node.services.trade import Submission
from node.store import Tx
from protocol import proof as proofs
from protocol.identity.control import Reason
from protocol.limits import MAX_BATCH_BYTES, MAX_HISTORY_BYTES
from protocol.link import batch as batches
from tests.node.services.test_carrying import carry
from tests.node.services.test_recovery import has, put_back, talk, verdict
from tests.node.services.town import Association, order, two_towns

Towns = tuple[Association, Association, bytes, bytes]


@pytest.fixture
def towns() -> Towns:
    """The buyer's home has started again after 2,000 unclean ends since anybody heard of it."""
    toyota, kyoto, buyer, seller = two_towns()
    grow(toyota, buyer, 2_000)
    return toyota, kyoto, buyer, seller


def grow(town: Association, member: bytes, by: int) -> None:
    def work(tx: Tx) -> None:
        for _ in range(by):
            members.open_epoch(town.house, tx, member, Reason.RESTART)

    town.do(work)
    assert MAX_BATCH_BYTES < size(town, member) < MAX_HISTORY_BYTES


def size(town: Association, member: bytes) -> int:
    return len(town.see(lambda tx: members.history(town.house, tx, member)))


def test_trade_goes_on_both_ways(towns: Towns) -> None:
    toyota, kyoto, buyer, seller = towns
    first = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    offers = []
    after = 0
    assert toyota.greet(kyoto) == "ok"
    while (offer := toyota.offer(kyoto, after)) is not None:
        offers.append(offer)
        taken, receipt = kyoto.take(toyota, offer.wire)
        after = max(toyota.credit(kyoto, receipt).cursor, offer.last)
        assert not taken.gap
    long = [offer for offer in offers if len(offer.wire) > MAX_BATCH_BYTES]
    assert len(long) == 1  # it is told once, alone in its batch
    assert long[0].items == 1
    assert all(len(offer.wire) <= batches.MAX_BYTES for offer in offers)
    assert verdict(kyoto, seller, first.id) == "applied"
    back = kyoto.submit(seller, Submission(buyer, order("PO-2")))[0]
    talk(kyoto, toyota)
    assert has(toyota, back.id)
    grow(toyota, buyer, 1)
    again = toyota.submit(buyer, Submission(seller, order("PO-3")))[0]
    talk(toyota, kyoto)
    assert verdict(kyoto, seller, again.id) == "applied"


def test_the_directory_brings_it(towns: Towns) -> None:
    toyota, kyoto, buyer, _ = towns
    learned = kyoto.learn_from(toyota)
    while learned.more:
        learned = kyoto.learn_from(toyota)
    assert learned.refused == 0
    assert size(kyoto, buyer) == size(toyota, buyer)


def test_a_home_that_was_put_back_reads_it_from_its_partner(towns: Towns) -> None:
    toyota, kyoto, buyer, seller = towns
    old = toyota.store.serialize()
    grow(toyota, buyer, 10)
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    talk(toyota, kyoto)
    before = size(toyota, buyer)
    put_back(toyota, old)
    talk(toyota, kyoto)
    assert has(toyota, sent.id)
    assert size(toyota, buyer) > before  # the epoch after the restore stands on what the partner knew
    assert size(toyota, buyer) == size(kyoto, buyer)


def test_what_is_told_after_a_restore_stays_within_its_limit(towns: Towns) -> None:
    toyota, kyoto, buyer, seller = towns
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    talk(toyota, kyoto)
    answer = kyoto.see(
        lambda tx: recovery.tell_histories(kyoto.house, tx, toyota.house.id, recovery.ask_histories(b""))
    )
    assert MAX_BATCH_BYTES < len(answer) <= recovery.MAX_HISTORIES_BYTES


def test_a_proof_of_its_paper_holds(towns: Towns) -> None:
    toyota, kyoto, buyer, seller = towns
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    talk(toyota, kyoto)
    made = toyota.see(lambda tx: proof.export(toyota.house, tx, buyer, sent.id))
    assert len(made) > MAX_BATCH_BYTES
    assert proofs.verify(made).document.id == sent.id


def test_a_carried_file_takes_it_along(towns: Towns) -> None:
    toyota, kyoto, buyer, seller = towns
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    assert carry(toyota, kyoto) == {"applied": 1}
    assert verdict(kyoto, seller, sent.id) == "applied"
