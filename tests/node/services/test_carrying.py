"""Links over a carried file: the same papers, verdicts and receipts as over a network, in any order, twice or cut."""

from __future__ import annotations

import itertools

import pytest

from node.services import carrying, dealings
from node.services.carrying import Entered
from node.services.trade import Submission
from node.store import Mark
from protocol.errors import Malformed, Misdirected, NotAuthorised
from protocol.identity.control import Reason
from protocol.link.carried import Content, Load
from tests.node.services.town import Association, accept_order, order, two_towns

FILE = b"\1" * 16


def pieces(source: Association, target: Association) -> list[bytes]:
    """Everything that ``source`` has for ``target``, as a file."""
    found: list[bytes] = []
    after = 0
    for number in itertools.count(1):
        written = source.see(
            lambda tx: carrying.write_batch(source.house, tx, target.house.id, FILE, number, after)  # noqa: B023
        )
        if written is None:
            return found
        after = written.after
        found.append(written.piece)
    raise AssertionError


def enter(target: Association, piece: bytes) -> Entered:
    opened = carrying.open_piece("test", target.house.node, target.house.id, piece)
    return target.do(lambda tx: carrying.take_batch(target.house, tx, opened))


def carry(source: Association, target: Association) -> dict[str, int]:
    """One way of the stick: how many documents were judged how."""
    total: dict[str, int] = {}
    for piece in pieces(source, target):
        for verdict, count in enter(target, piece).verdicts.items():
            total[verdict] = total.get(verdict, 0) + count
    return total


def marks(town: Association, document: bytes) -> list[Mark]:
    return town.see(lambda tx: tx.outgoing.marks([document])).get(document, [])


def test_an_order_and_its_answer_go_both_ways_and_nothing_stays_waiting() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    wanted = order("PO-1")
    sent = toyota.submit(buyer, Submission(seller, wanted))[0]
    assert carry(toyota, kyoto) == {"applied": 1}
    kyoto.submit(seller, Submission(buyer, accept_order("R-1", wanted), thread=sent.thread))
    assert carry(kyoto, toyota) == {"applied": 1}
    assert marks(toyota, sent.id)[0].verdict == "applied"
    for town in (toyota, kyoto):
        assert town.see(lambda tx: dealings.fold(tx, sent.thread)).state.state.value == "accepted"
    assert carry(toyota, kyoto) == {}  # the receipts only
    assert kyoto.pending(toyota) == 0
    assert carry(kyoto, toyota) == {}
    assert carry(toyota, kyoto) == {}


def test_the_same_file_twice_is_once() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, Submission(seller, order("PO-1")), Submission(seller, order("PO-2")))
    file = pieces(toyota, kyoto)
    assert [enter(kyoto, piece).verdicts for piece in file] == [{"applied": 2}]
    queued = kyoto.pending(toyota)
    again = [enter(kyoto, piece) for piece in file]
    assert [(found.verdicts, found.repeated) for found in again] == [({"applied": 2}, True)]
    assert kyoto.pending(toyota) == queued  # no second receipt


def test_a_file_may_come_late_after_the_network_was_quicker() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    file = pieces(toyota, kyoto)
    toyota.send_all(kyoto)
    assert marks(toyota, sent.id)[0].verdict == "applied"
    assert enter(kyoto, file[0]).repeated
    assert len(kyoto.see(lambda tx: tx.holdings.by_document(sent.id))) == 1


def test_the_receipt_of_a_file_may_go_over_the_network() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    carry(toyota, kyoto)
    assert kyoto.greet(toyota) == "ok"
    kyoto.send_all(toyota)
    assert marks(toyota, sent.id)[0].verdict == "applied"


def test_a_file_of_an_earlier_run_is_good() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    file = pieces(toyota, kyoto)
    toyota.restart(Reason.RESTART)
    assert enter(kyoto, file[0]).verdicts == {"applied": 1}
    assert carry(toyota, kyoto) == {"applied": 1}  # offered again by the new run: the first verdict
    carry(kyoto, toyota)
    assert marks(toyota, sent.id)[0].verdict == "applied"


def test_a_file_that_begins_too_late_takes_nothing_and_says_so() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.submit(buyer, *(Submission(seller, order(f"PO-{n}")) for n in range(200)))
    file = pieces(toyota, kyoto)
    assert len(file) == 2
    missed = enter(kyoto, file[1])
    assert (missed.gap, missed.verdicts) == (True, {})
    assert [enter(kyoto, piece).gap for piece in file] == [False, False]
    assert len(kyoto.see(lambda tx: tx.holdings.after(seller, 0, 500))) == 200


def test_only_the_node_it_is_for_opens_it_and_only_a_peer_is_believed() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    shikoku = Association("四国")
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    piece = pieces(toyota, kyoto)[0]
    with pytest.raises(Misdirected, match="for the node"):
        enter(shikoku, piece)
    with pytest.raises(NotAuthorised):
        shikoku.see(lambda tx: carrying.write_batch(shikoku.house, tx, kyoto.house.id, FILE, 1, 0))
    stranger = Association("鬼ヶ島")
    stranger.accept(kyoto)
    load = Load(Content.BATCH, wire=b"anything")
    forged = stranger.see(lambda tx: carrying.write(stranger.house, tx, kyoto.house.id, FILE, 1, load))
    with pytest.raises(NotAuthorised):
        enter(kyoto, forged)


def test_a_batch_of_somebody_else_in_a_peers_piece_is_refused() -> None:
    """Whoever finds a file can seal what he likes to its receiver: only signatures count."""
    toyota, kyoto, buyer, seller = two_towns()
    shikoku = Association("四国")
    shikoku.accept(kyoto)
    kyoto.accept(shikoku)
    toyota.submit(buyer, Submission(seller, order("PO-1")))
    offer = toyota.offer(kyoto)
    assert offer is not None
    load = Load(Content.BATCH, wire=offer.wire)
    forged = shikoku.see(lambda tx: carrying.write(shikoku.house, tx, kyoto.house.id, FILE, 1, load))
    before = kyoto.see(lambda tx: tx.holdings.after(seller, 0, 10))
    with pytest.raises(Exception, match=r"signature|sender") as raised:
        enter(kyoto, forged)
    assert not isinstance(raised.value, Malformed) or "sender" in str(raised.value)
    assert kyoto.see(lambda tx: tx.holdings.after(seller, 0, 10)) == before
