"""What a list says of documents: when the partner's receipt was made."""

from __future__ import annotations

from node.services import reading
from node.services.trade import Submission
from tests.node.services.town import Association, accept_order, order, two_towns


def test_a_list_says_when_each_document_was_received() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    wanted = order("PO-1")
    thread = toyota.submit(buyer, Submission(seller, wanted))[0].thread
    unsent = toyota.submit(buyer, Submission(seller, order("PO-2")))[0]
    before = kyoto.house.clock()
    assert [view.marks.received for view in listed(toyota, buyer)] == [None, None]
    toyota.send_all(kyoto)
    kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))
    kyoto.send_all(toyota)
    for view in listed(toyota, buyer):
        received = view.marks.received
        assert received is not None
        assert received.verdict == "applied"
        assert received.time >= before
        if view.holding.direction == "sent":
            full = toyota.see(lambda tx, view=view: reading.full(tx, buyer, view.holding.document))  # type: ignore[misc]
            assert full.view.marks.received == received
    assert unsent.id in {view.holding.document for view in listed(toyota, buyer)}


def listed(town: Association, member: bytes) -> list[reading.View]:
    return town.see(lambda tx: reading.views(tx, member, tx.holdings.before(member, 9)))
