"""立替金精算書 of a round: the parts of all firms are the supplier's bill, and the PDF says so."""

from __future__ import annotations

import pytest

from node.papers.pdf import render_settlements
from node.services.joint import rounds, settling
from protocol.errors import CallerFault
from tests.node.services.test_joint import Town, october_pledged


@pytest.fixture
def town() -> Town:
    return Town()


def test_settlements_are_the_bill_to_the_yen(town: Town) -> None:
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 0)
    kyoto = town.nodes[0]
    outcome = kyoto.do(lambda tx: rounds.require_outcome(kyoto.house, tx, town.machines[0], name))
    bill = settling.Bill("W-77", "2026-10-20", "T7000012050002", {100: 12_481})
    made = kyoto.see(lambda tx: settling.settlements(kyoto.house, tx, name, outcome, bill, "ja"))
    assert {one.to for one in made} == {"すずめ屋", "桃の里商店", "ぶんぶく商店"}
    assert sum(one.tax for one in made) == 12_481
    assert sum(one.net + one.tax for one in made) == sum(share.pays for share in outcome.shares) + 12_481
    for one, share in zip(made, outcome.shares, strict=True):
        assert one.net == share.pays
        lines = sum(line.amount for line in one.lines)
        assert lines - one.rebate[0] + one.freight[0] + one.settled == one.net  # each line proves its share
        assert (one.supplier.name, one.supplier.registration_number) == ("わらしべ商会", "T7000012050002")
        assert {(part.bill_net, part.bill_tax) for part in one.parts} == {(124_800, 12_481)}
    assert sum(line.quantity for one in made for line in one.lines) == made[0].lines[0].total == 30
    for language in ("ja", "en"):
        again = kyoto.see(lambda tx, lang=language: settling.settlements(kyoto.house, tx, name, outcome, bill, lang))  # type: ignore[misc]
        pdf = render_settlements(again)
        assert pdf.startswith(b"%PDF")
    with pytest.raises(CallerFault, match="rates"):
        kyoto.see(lambda tx: settling.settlements(kyoto.house, tx, name, outcome, bill._replace(taxes={80: 1}), "ja"))
    with pytest.raises(CallerFault, match="at least one"):
        render_settlements([])
