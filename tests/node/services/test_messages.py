"""Messages beside a dealing, between two associations."""

from __future__ import annotations

from node.services import reading
from node.services.trade import Submission
from protocol.process.trade.papers import Message
from tests.node.services.town import accept_order, order, two_towns


def message(number: str, text: str = "納期を相談したいです。") -> Message:
    return Message(number=number, issue_date="2026-10-06", kind="note", text=text)


def test_a_message_is_no_act_and_asks_for_none() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    asked = order("PO-1")
    sent = toyota.submit(buyer, Submission(seller, asked))[0]
    toyota.send_all(kyoto)
    said = kyoto.submit(seller, Submission(buyer, message("M-1"), thread=sent.thread))[0]
    kyoto.send_all(toyota)

    def marks(of: bytes) -> reading.Marks:
        return toyota.see(lambda tx: reading.full(tx, buyer, of)).view.marks

    assert marks(sent.id).processed is None
    again = toyota.submit(buyer, Submission(seller, message("M-2"), thread=sent.thread))[0]
    toyota.send_all(kyoto)
    answer = kyoto.submit(seller, Submission(buyer, accept_order("R-1", asked), thread=sent.thread))[0]
    kyoto.send_all(toyota)
    assert marks(sent.id).processed == answer.id
    assert marks(said.id).processed is None
    assert marks(again.id).processed is None
    row = toyota.see(lambda tx: tx.threads.get(buyer, sent.thread))
    assert row is not None
    assert (row.state, row.documents) == ("accepted", 4)
