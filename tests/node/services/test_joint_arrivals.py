"""What came at each drop, over three associations: shortage seen by those who run the round, settled to the yen."""

from __future__ import annotations

import pytest

from node.services import dealings
from node.services.joint import receiving, rounds, settling
from node.services.joint.settling import Bill
from protocol.errors import CallerFault
from protocol.process.joint import billing, shortage
from protocol.process.trade.papers import Invoice
from tests.node.services.test_joint import Town, october_pledged

BILL = Bill("W-77", "2026-10-20", "T7000012050002", {100: 11_688})


@pytest.fixture
def town() -> Town:
    return Town()


def ordered(town: Town) -> bytes:
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 0)
    town.carry(name)
    kyoto = town.nodes[0]
    kyoto.do(lambda tx: rounds.send_order(kyoto.house, tx, town.machines[0], name))
    return name


def say(town: Town, name: bytes, at: int, quantity: int, item: int = 0) -> bytes:
    node = town.nodes[at]
    return node.do(lambda tx: receiving.say(node.house, tx, town.firms[at], name, {item: quantity}))


def test_nobody_pays_for_what_did_not_come(town: Town) -> None:
    name = ordered(town)
    kyoto, shikoku, toyota = town.nodes
    for at, quantity in ((0, 10), (1, 6), (2, 12)):  # 四国 was to get 8
        say(town, name, at, quantity)
    town.carry(name)
    for at, node in enumerate(town.nodes):
        assert node.see(lambda tx: receiving.known(tx, name)) == {  # type: ignore[misc]
            town.firms[0]: {0: 10}, town.firms[1]: {0: 6}, town.firms[2]: {0: 12},
        }  # fmt: skip
        came = node.see(lambda tx, at=at: receiving.own(tx, name, town.firms[at]))  # type: ignore[misc]
        assert came is not None
        assert (came.receipts, came.late) == (3, 0)
        assert not node.see(lambda tx: tx.joint.open_arrivals())
    outcome = kyoto.do(lambda tx: rounds.require_outcome(kyoto.house, tx, town.machines[0], name))
    said = kyoto.see(lambda tx: receiving.known(tx, name))
    assert shortage.missing(outcome, said) == ((2, 0, 2),)
    settled = kyoto.see(lambda tx: receiving.arrived(tx, name, outcome))
    assert settled.result.items == ((28, 3_960),)  # the price of 30, which was agreed
    assert sum(share.pays for share in settled.shares) == 28 * 3_960 + 6_000 == 116_880
    done = kyoto.do(lambda tx: settling.send(kyoto.house, tx, town.machines[0], name, BILL, due="2026-11-30"))
    assert sum(done.amounts.values()) + done.own == done.bill == 116_880 + 11_688
    assert set(done.documents) == {town.firms[1], town.firms[2]}  # the buyer itself owes itself nothing
    for node, firm in ((shikoku, town.firms[1]), (toyota, town.firms[2])):
        kyoto.send_all(node)
        (bill,) = node.see(lambda tx, firm=firm: tx.books.open_bills(firm, receivable=False))  # type: ignore[misc]
        share = next(each for each in settled.shares if each.pledge.member == firm)
        part = next(each for each in billing.pass_on(settled, BILL.taxes) if each.share == share)
        assert (bill.number, bill.open, bill.due) == (billing.names_settlement(name, firm), part.total, "2026-11-30")
        stored = node.see(lambda tx, bill=bill: tx.documents.by_thread(bill.thread))  # type: ignore[misc]
        paper = dealings.paper_of(stored[0])
        assert isinstance(paper, Invoice)
        assert paper.kind == "480"
        assert "T7000012050002" in paper.note
        assert not paper.seller.registration_number
    mine = next(part for part in billing.pass_on(settled, BILL.taxes) if part.share.pledge.member == town.firms[0])
    theirs = [node.see(lambda tx, f=firm: tx.books.open_bills(f, receivable=False))[0].open  # type: ignore[misc]
              for node, firm in ((shikoku, town.firms[1]), (toyota, town.firms[2]))]  # fmt: skip
    assert mine.total + sum(theirs) == 116_880 + 11_688  # the supplier's bill, to the yen
    with pytest.raises(CallerFault, match="every firm has"):
        kyoto.do(lambda tx: settling.send(kyoto.house, tx, town.machines[0], name, BILL))


def test_who_is_silent_and_what_comes_late(town: Town) -> None:
    name = ordered(town)
    kyoto = town.nodes[0]
    say(town, name, 1, 0)
    town.carry(name)
    with pytest.raises(CallerFault, match="have not said what came: すずめ屋, ぶんぶく商店"):
        kyoto.do(lambda tx: settling.send(kyoto.house, tx, town.machines[0], name, BILL))
    done = kyoto.do(lambda tx: settling.send(kyoto.house, tx, town.machines[0], name, BILL, assume=True))
    assert set(done.documents) == {town.firms[2]}  # nothing came to 四国: nothing to pay, no freight either
    say(town, name, 2, 3)
    town.carry(name)
    came = town.nodes[2].see(lambda tx: receiving.own(tx, name, town.firms[2]))
    assert came is not None
    assert (came.receipts, came.late) == (3, 1)


def test_what_is_refused(town: Town) -> None:
    name = october_pledged(town)
    with pytest.raises(CallerFault, match="not concluded"):
        say(town, name, 1, 8)
    town.carry(name)
    town.later()
    town.call(name, 0)
    town.carry(name)
    with pytest.raises(CallerFault, match="0 to 8"):
        say(town, name, 1, 9)
    with pytest.raises(CallerFault, match="every item"):
        say(town, name, 1, 8, item=1)
    shikoku = town.nodes[1]
    with pytest.raises(CallerFault, match="sent by another association"):
        shikoku.do(lambda tx: settling.send(shikoku.house, tx, town.machines[1], name, BILL, assume=True))
