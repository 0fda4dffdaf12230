"""Into which dealing a paper goes that names numbers only."""

from __future__ import annotations

import pytest

from node.services import routing
from node.services.trade import Submission
from protocol.errors import CallerFault
from tests.node.services.town import accept_order, order, two_towns


def test_two_buyers_use_one_number_and_each_gets_the_answer_to_its_own() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    other = toyota.enrol("一寸法師商店")
    kyoto.learn_from(toyota)
    toyota.learn_from(kyoto)
    wanted = order("PO-1")
    threads = {firm: toyota.submit(firm, Submission(seller, wanted))[0].thread for firm in (buyer, other)}
    toyota.send_all(kyoto)
    answer = accept_order("R-1", wanted)
    for firm, thread in threads.items():
        assert kyoto.see(lambda tx, firm=firm: routing.thread_of(tx, seller, firm, answer)) == thread  # type: ignore[misc]


def test_a_number_of_another_firms_order_is_none_of_this_firms() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    other = toyota.enrol("一寸法師商店")
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    toyota.send_all(kyoto)
    with pytest.raises(CallerFault, match="no order numbered PO-1 was received with this firm"):
        kyoto.see(lambda tx: routing.thread_of(tx, seller, other, accept_order("R-1", order("PO-1"))))
