"""The papers of a catalogue: their rules, and how large they get."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from protocol.errors import CallerFault
from protocol.limits import MAX_DOCUMENT_BYTES
from protocol.process.trade import papers
from protocol.process.trade.check import admit, check, issue
from protocol.process.trade.papers import Catalogue, CatalogueRequest, Item, Period, Price, PriceTier, Scaled
from tests.protocol.process.catalogue.desk import CatalogueDesk, offered
from tests.protocol.process.dealings import PARTIES, head


def catalogue(**more: object) -> Catalogue:
    paper = CatalogueDesk().offer("2026", items=("P-1", "P-2")).body
    assert isinstance(paper, Catalogue)
    return replace(paper, **more)


def tier(minimum: int, unit: str = "") -> PriceTier:
    return PriceTier(minimum=Scaled(minimum), price=Price(value=Scaled(1), unit=unit))


BAD = {
    "edition": catalogue(edition=""),
    "sheet": catalogue(sheet=3, sheets=2),
    "currency": catalogue(currency=""),
    "validity": catalogue(validity=Period(start="2026-10-02", end="2026-10-01")),
    "items[1].item.seller_id": catalogue(items=(offered("P-1"), offered("P-1"))),
    "items[0].item.seller_id": catalogue(items=(replace(offered("P-1"), item=Item(name="袋")),)),
    "items[0].item.gtin": catalogue(
        items=(replace(offered("P"), item=Item(name="袋", seller_id="P", gtin="2900000401014")),)
    ),
    "items[0].unit": catalogue(items=(replace(offered("P-1"), unit=""),)),
    "items[0].pack_size": catalogue(items=(replace(offered("P-1"), pack_size=Scaled(0)),)),
    "items[0].maximum": catalogue(items=(replace(offered("P-1"), minimum=Scaled(5), maximum=Scaled(4)),)),
    "items[0].tiers[1].minimum": catalogue(items=(replace(offered("P-1"), tiers=(tier(10), tier(10))),)),
    "items[0].tiers[0].price.unit": catalogue(items=(replace(offered("P-1"), tiers=(tier(10, "KGM"),)),)),
}


@pytest.mark.parametrize("field", sorted(BAD))
def test_rules(field: str) -> None:
    with pytest.raises(CallerFault) as refused:
        check(BAD[field])
    assert refused.value.field == field


def test_a_sheet_has_items() -> None:
    with pytest.raises(CallerFault) as refused:
        papers.decode("catalogue", 1, papers.encode(catalogue(items=())))
    assert refused.value.field == "items"


def test_they_read_back_as_they_were_written() -> None:
    request = CatalogueRequest(**head("Q-1"), **PARTIES, words="紙袋", reply_by="2026-10-31")
    for name, paper in (("catalogue", catalogue()), ("catalogue_request", request)):
        assert admit(name, 1, issue(paper)) == paper


def test_four_hundred_usual_items_fit_on_a_sheet() -> None:
    """An item as a shop has it, with one volume price, takes about 300 bytes."""
    paper = catalogue(items=tuple(offered(f"P-{number:05}") for number in range(400)))
    assert len(issue(paper)) < MAX_DOCUMENT_BYTES - 16 * 1024
