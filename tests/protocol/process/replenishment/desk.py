"""A desk that writes the papers of one thread of replenishment."""

from __future__ import annotations

from typing import Any

from protocol.process.fact import Fact
from protocol.process.replenishment.state import ReplenishmentState
from protocol.process.thread import state_of
from protocol.process.trade.papers import (
    Item,
    ProposedLine,
    ReplenishmentAnswer,
    ReplenishmentProposal,
    SalesReport,
    Scaled,
    SoldArea,
    SoldLine,
)
from tests.protocol.process.dealings import PARTIES, Desk, head

JAN = "2900000401013"


def sold(count: int, **more: Any) -> SoldArea:
    """So many pieces of one item in Kyoto's Nakagyo ward."""
    return SoldArea(area="26104", lines=(SoldLine(gtin=JAN, unit="H87", sold=count * 1000, **more),))


class ReplenishmentDesk(Desk):
    """Reports, proposals and answers, numbered as they are written."""

    def report(self, *follows: Fact, week: str = "2026-W40", count: int = 12, number: str = "", **more: Any) -> Fact:
        number = number or f"SL-{len(self.facts)}"
        areas = (sold(count),) if count else ()
        return self.write("buyer", SalesReport(**head(number), **PARTIES, week=week, areas=areas), *follows, **more)

    def propose(self, *follows: Fact, count: int = 30, number: str = "", **more: Any) -> Fact:
        number = number or f"RP-{len(self.facts)}"
        line = ProposedLine(item=Item(name="抹茶あめ", seller_id="P-2"), quantity=Scaled(count), unit="H87")
        paper = ReplenishmentProposal(**head(number), **PARTIES, lines=(line,), valid_until="2026-12-31")
        return self.write("seller", paper, *follows, **more)

    def answer_proposal(self, proposal: Fact, *follows: Fact, order: str = "", number: str = "", **more: Any) -> Fact:
        number = number or f"RR-{len(self.facts)}"
        word = "ordered" if order else "declined"
        paper = ReplenishmentAnswer(**head(number), proposal=proposal.id.hex(), answer=word, order=order)
        return self.write("buyer", paper, *(follows or (proposal,)), **more)

    def state(self) -> ReplenishmentState:
        found = state_of(self.facts)
        assert isinstance(found, ReplenishmentState)
        return found
