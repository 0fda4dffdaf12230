"""A catalogue between two associations: the same on both sides, and no dealing."""

from __future__ import annotations

import pytest

from node.services import dealings
from node.services.trade import Submission
from protocol.errors import ImpossibleStep, NotFound
from protocol.process.trade.papers import CatalogueWithdrawal
from tests.node.services.town import order, two_towns
from tests.protocol.process.catalogue.desk import CatalogueDesk


def test_a_request_is_answered_by_sheets() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    desk = CatalogueDesk()
    asked = toyota.submit(buyer, Submission(seller, desk.ask().body))[0]
    toyota.send_all(kyoto)
    sheets = [Submission(buyer, desk.offer("v1", sheet=at, sheets=2).body, thread=asked.thread) for at in (1, 2)]
    sent = kyoto.submit(seller, *sheets)
    kyoto.send_all(toyota)
    for town, member in ((toyota, buyer), (kyoto, seller)):
        state = town.see(lambda tx: dealings.fold_catalogue(tx, asked.thread)).state
        found = state.in_force("2026-10-05")
        assert found is not None
        assert found.ids == tuple(one.id for one in sent)
        assert town.see(lambda tx, m=member: tx.threads.get(m, asked.thread)) is None
        with pytest.raises(NotFound):
            town.see(lambda tx: dealings.fold(tx, asked.thread))
    gone = CatalogueWithdrawal(number="W-1", issue_date="2026-10-06")
    kyoto.submit(seller, Submission(buyer, gone, thread=asked.thread))
    kyoto.send_all(toyota)
    assert toyota.see(lambda tx: dealings.fold_catalogue(tx, asked.thread)).state.state.value == "withdrawn"


def test_a_catalogue_in_a_dealing_is_refused_at_its_writer() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    toyota.send_all(kyoto)
    with pytest.raises(ImpossibleStep):
        kyoto.submit(seller, Submission(buyer, CatalogueDesk().offer("v1").body, thread=sent.thread))
    with pytest.raises(NotFound):
        kyoto.see(lambda tx: dealings.fold_catalogue(tx, sent.thread))
