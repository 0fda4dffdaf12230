"""A desk that writes the papers of one catalogue's thread."""

from __future__ import annotations

from typing import Any

from protocol.process.catalogue.state import CatalogueState
from protocol.process.fact import Fact
from protocol.process.thread import state_of
from protocol.process.trade.papers import (
    Catalogue,
    CatalogueItem,
    CatalogueRequest,
    CatalogueWithdrawal,
    Item,
    Period,
    Price,
    PriceTier,
    Scaled,
    TaxCategory,
)
from tests.protocol.process.dealings import PARTIES, Desk, head


def offered(number: str, price: int = 4800) -> CatalogueItem:
    """An item with a volume price."""
    return CatalogueItem(
        item=Item(name=f"紙袋 {number}", seller_id=number, gtin="2900000401013"),
        unit="BX",
        price=Price(value=Scaled(price)),
        tiers=(PriceTier(minimum=Scaled(10), price=Price(value=Scaled(price * 9 // 10))),),
        tax=TaxCategory(category="S", rate=Scaled(10)),
        pack_size=Scaled(200),
        minimum=Scaled(1),
        lead_days=3,
    )


class CatalogueDesk(Desk):
    """Requests, sheets and withdrawals, numbered as they are written."""

    def ask(self, *follows: Fact, number: str = "", **more: Any) -> Fact:
        number = number or f"Q-{len(self.facts)}"
        return self.write("buyer", CatalogueRequest(**head(number), **PARTIES, words="紙袋"), *follows, **more)

    def offer(
        self,
        edition: str,
        *follows: Fact,
        sheet: int = 1,
        sheets: int = 1,
        items: tuple[str, ...] = (),
        start: str = "",
        end: str = "",
        price: int = 4800,
        number: str = "",
        **more: Any,
    ) -> Fact:
        paper = Catalogue(
            **head(number or f"{edition}/{sheet}"),
            **PARTIES,
            edition=edition,
            sheet=sheet,
            sheets=sheets,
            items=tuple(offered(one, price) for one in items or (f"P-{sheet}",)),
            validity=Period(start=start, end=end) if start or end else None,
        )
        return self.write("seller", paper, *follows, **more)

    def withdraw(self, *follows: Fact, edition: str = "", number: str = "", **more: Any) -> Fact:
        number = number or f"W-{len(self.facts)}"
        return self.write("seller", CatalogueWithdrawal(**head(number), edition=edition), *follows, **more)

    def state(self) -> CatalogueState:  # type: ignore[override]
        found = state_of(self.facts)
        assert isinstance(found, CatalogueState)
        return found
