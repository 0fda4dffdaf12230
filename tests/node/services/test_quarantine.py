"""The quarantine: judged again when a person says so; what is still bad stays."""

from __future__ import annotations

import pytest

from node.services import members, quarantine
from node.services.trade import Submission
from protocol.errors import CallerFault, NotFound
from tests.node.services.town import order, two_towns


def test_a_document_that_came_while_its_recipient_was_suspended_is_taken_later() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    kyoto.do(lambda tx: members.suspend(tx, seller))
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    toyota.send_all(kyoto)
    (row,) = kyoto.see(lambda tx: tx.quarantine.all())
    assert row.code == "suspended"
    still = kyoto.do(lambda tx: quarantine.retry(kyoto.house, tx, row.id))
    assert still.verdict == "quarantined"
    assert kyoto.see(lambda tx: tx.quarantine.count()) == 1
    kyoto.do(lambda tx: members.suspend(tx, seller, False))
    done = kyoto.do(lambda tx: quarantine.retry(kyoto.house, tx, row.id))
    assert done.verdict == "applied"
    assert done.news == {toyota.house.id}
    assert kyoto.see(lambda tx: tx.quarantine.count()) == 0
    assert kyoto.see(lambda tx: tx.holdings.get(seller, sent.id)) is not None
    kyoto.send_all(toyota)  # the later receipt
    marks = toyota.see(lambda tx: tx.outgoing.marks([sent.id]))[sent.id]
    assert [mark.verdict for mark in marks] == ["applied"]
    with pytest.raises(CallerFault):
        kyoto.do(lambda tx: quarantine.retry(kyoto.house, tx, row.id))


def test_dropped_and_unknown_records() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    kyoto.do(lambda tx: members.suspend(tx, seller))
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    toyota.send_all(kyoto)
    (row,) = kyoto.see(lambda tx: tx.quarantine.all())
    kyoto.do(lambda tx: quarantine.drop(tx, row.id))
    assert kyoto.see(lambda tx: tx.quarantine.count()) == 0
    with pytest.raises(CallerFault):
        kyoto.do(lambda tx: quarantine.drop(tx, row.id))
    with pytest.raises(NotFound):
        kyoto.do(lambda tx: quarantine.retry(kyoto.house, tx, 99))
