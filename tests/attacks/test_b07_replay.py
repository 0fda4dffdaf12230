"""Row B7: what was valid once is sent again: now, after a restart, to another node, by another peer.

Everything that two nodes exchanged is recorded and played back. Nothing changes: a document's id, a receipt's signed
place and a hello's fresh challenge are what counts, not the request.
"""

import pytest

from node.services import greeting
from node.services.trade import Submission
from node.store import Tx
from protocol.errors import PeerFault
from protocol.identity.control import Reason
from tests.node.services.town import Association, accept_order, order, two_towns

State = tuple[object, ...]


def state(town: Association, *members: bytes) -> State:
    """What a replay must not change: documents, holdings, journals, what is outgoing."""

    def read(tx: Tx) -> State:
        held = [[row[:6] for row in tx.holdings.after(member, 0, 1_000)] for member in members]
        heads = {member: (head.epoch, head.seq, head.hash) for member, head in tx.heads.get_many(members).items()}
        return held, heads, tx.outgoing.count_pending()

    return town.see(read)


class Recorded:
    """A dealing between two towns, with every batch, receipt and hello that was sent."""

    def __init__(self) -> None:
        self.toyota, self.kyoto, self.buyer, self.seller = two_towns()
        wanted = order("PO-1")
        sent = self.toyota.submit(self.buyer, Submission(self.seller, wanted))[0]
        self.toyota.submit(self.buyer, Submission(self.seller, order("PO-2")))
        self.batches: list[bytes] = []
        self.receipts: list[bytes] = []
        self.hellos = [self.hello()]
        self.exchange()
        self.kyoto.submit(self.seller, Submission(self.buyer, accept_order("R-1", wanted), thread=sent.thread))
        assert self.kyoto.greet(self.toyota) == "ok"
        self.kyoto.send_all(self.toyota)

    def hello(self) -> bytes:
        house = self.toyota.house
        asked = self.toyota.do(lambda tx: greeting.hello(house, tx, self.kyoto.house.id))
        answered = self.kyoto.do(lambda tx: greeting.answer_hello(self.kyoto.house, tx, house.id, asked))
        challenge = self.toyota.do(lambda tx: greeting.take_answer(house, tx, self.kyoto.house.id, answered)).challenge
        said = self.toyota.do(lambda tx: greeting.hello(house, tx, self.kyoto.house.id, challenge))
        self.kyoto.do(lambda tx: greeting.answer_hello(self.kyoto.house, tx, house.id, said))
        return said

    def answer(self, hello: bytes) -> bytes:
        """What kyoto says to a hello of toyota."""
        house, caller = self.kyoto.house, self.toyota.house.id
        return self.kyoto.do(lambda tx: greeting.answer_hello(house, tx, caller, hello))

    def exchange(self) -> None:
        after = 0
        while (offer := self.toyota.offer(self.kyoto, after)) is not None:
            _, receipt = self.kyoto.take(self.toyota, offer.wire)
            self.toyota.credit(self.kyoto, receipt)
            self.batches.append(offer.wire)
            self.receipts.append(receipt)
            after = offer.last


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


def test_batches_three_times_now(recorded: Recorded) -> None:
    before = state(recorded.kyoto, recorded.seller)
    first = [recorded.kyoto.take(recorded.toyota, wire)[0] for wire in recorded.batches]
    for _ in range(3):
        again = [recorded.kyoto.take(recorded.toyota, wire)[0] for wire in recorded.batches]
        assert [taken.leaves for taken in again] == [taken.leaves for taken in first]
    assert state(recorded.kyoto, recorded.seller) == before


def test_receipts_three_times_now(recorded: Recorded) -> None:
    before = state(recorded.toyota, recorded.buyer)
    for _ in range(3):
        for wire in recorded.receipts:
            recorded.toyota.credit(recorded.kyoto, wire)
    assert state(recorded.toyota, recorded.buyer) == before


def test_batches_after_a_restart_of_the_receiver(recorded: Recorded) -> None:
    recorded.kyoto.restart(None)
    before = state(recorded.kyoto, recorded.seller)
    for wire in recorded.batches:
        recorded.kyoto.take(recorded.toyota, wire)
    assert state(recorded.kyoto, recorded.seller) == before


def test_batches_of_a_run_that_is_over(recorded: Recorded) -> None:
    """The sender has started again and said hello: what is left of its old run is turned away."""
    recorded.toyota.restart(Reason.RESTART)
    assert recorded.toyota.greet(recorded.kyoto) == "ok"
    before = state(recorded.kyoto, recorded.seller)
    for wire in recorded.batches:
        with pytest.raises(PeerFault, match="hello"):
            recorded.kyoto.take(recorded.toyota, wire)
    assert state(recorded.kyoto, recorded.seller) == before


def test_an_old_hello_greets_nobody(recorded: Recorded) -> None:
    recorded.toyota.restart(Reason.RESTART)
    assert recorded.toyota.greet(recorded.kyoto) == "ok"
    for wire in recorded.hellos * 3:
        assert b"challenge" in recorded.answer(wire)
    assert recorded.toyota.greet(recorded.kyoto) == "ok"
    assert not recorded.toyota.house.frozen


def test_nothing_counts_at_another_node_or_from_another_peer(recorded: Recorded) -> None:
    shikoku = Association("四国")
    member = shikoku.enrol("阿波木工")
    for town in (recorded.toyota, recorded.kyoto):
        shikoku.accept(town)
        town.accept(shikoku)
    before = state(shikoku, member), state(recorded.kyoto, recorded.seller)
    for wire in recorded.batches:
        for at, peer in ((shikoku, recorded.toyota), (shikoku, recorded.kyoto), (recorded.kyoto, shikoku)):
            with pytest.raises(PeerFault):
                at.take(peer, wire)
    for wire in recorded.receipts:
        for at, peer in ((shikoku, recorded.kyoto), (recorded.toyota, shikoku)):
            with pytest.raises(PeerFault):
                at.credit(peer, wire)
    assert (state(shikoku, member), state(recorded.kyoto, recorded.seller)) == before
