"""A member whose node burned comes back at another one: its documents, its dealings, and what was sent meanwhile."""

from __future__ import annotations

import pytest

from node.homecoming import Home
from node.services import claiming
from node.services.trade import Submission
from tests.node.services.town import accept_order, order
from tests.node.six_towns import Six, by_words


@pytest.fixture
def six() -> Six:
    return Six()


@pytest.mark.parametrize("at", ["四国", "京都"], ids=["at a guardian", "where the partner is"])
def test_with_the_words_everything_is_there_and_goes_on(six: Six, at: str) -> None:
    first, second = six.order("PO-1"), six.order("PO-2")
    six.street.wait(10)
    six.copy()
    late = six.order("PO-3")  # reached its partner, never a guardian
    six.street.wait(10)
    six.burn()
    answer = six.at["京都"].submit(six.seller, Submission(six.buyer, accept_order("A-1", order("PO-1")), thread=first))
    six.street.wait(30)
    home = six.bring_back(at, by_words(six))
    assert isinstance(home, Home), home
    six.street.wait(60)
    assert set(six.held(at, six.buyer)) == {first, second, late, answer.id}
    assert set(six.held(at, six.buyer).values()) == {"applied"}
    row = six.see(at, lambda tx: tx.threads.get(six.buyer, first))
    assert row is not None
    assert row.state == "accepted"
    fresh = six.order("PO-4", at)
    six.street.wait(30)
    assert fresh in six.held("京都", six.seller)
    assert len(six.held("京都", six.seller)) == 5


def test_nothing_can_be_done_with_other_words(six: Six) -> None:
    six.order("PO-1")
    six.copy()
    six.burn()
    thief = claiming.by_words(type(six.words)(b"t" * 32))
    with pytest.raises(AssertionError):
        six.bring_back("四国", thief)
