"""Mail for a member whose node is dark: it waits with guardians, arrives once, and nobody on the way can read it."""

from __future__ import annotations

import pytest

from node.homecoming import Home
from node.services.trade import Submission
from tests.node.services.town import order
from tests.node.six_towns import Six, by_words

DARK_S = 15 * 60


@pytest.fixture
def six() -> Six:
    return Six()


def to_buyer(six: Six, number: str) -> bytes:
    """An order of the firm at Kyoto to the one at Toyota."""
    return six.at["京都"].submit(six.seller, Submission(six.buyer, order(number))).id


def waiting(six: Six, name: str) -> int:
    return len(six.see(name, lambda tx: tx.mail.kept_all()))


def test_mail_waits_with_guardians_while_its_sender_is_offline_too(six: Six) -> None:
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    sent = {to_buyer(six, f"K-{at}") for at in range(3)}
    six.street.wait(DARK_S + 400)
    assert [waiting(six, name) for name in six.guardians] == [1, 1, 1, 1]
    six.street.dark.add(six.at["京都"].id)
    home = six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    six.street.wait(60)
    assert sent <= set(six.held("四国", six.buyer))
    six.street.wait(600)
    assert [waiting(six, name) for name in six.guardians] == [0, 0, 0, 0]
    six.street.dark.discard(six.at["京都"].id)
    before = len(six.see("四国", lambda tx: tx.journal.epochs(six.buyer)))
    six.street.wait(2000)
    held = six.held("四国", six.buyer)
    assert {document: held[document] for document in sent} == dict.fromkeys(sent, "applied")
    assert len(six.see("四国", lambda tx: tx.journal.epochs(six.buyer))) == before
    entries = six.see("四国", lambda tx: {one: tx.journal.by_object(six.buyer, one) for one in sent})
    assert {len(rows) for rows in entries.values()} == {1}
    marks = six.see("京都", lambda tx: tx.outgoing.marks(sent))
    new_home = six.at["四国"].id
    assert all(any(m.node == new_home and m.verdict == "applied" for m in marks[one]) for one in sent)
    assert six.see("京都", lambda tx: tx.mail.left_all()) == []
