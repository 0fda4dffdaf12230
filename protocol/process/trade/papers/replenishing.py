"""What a shop tells a supplier of the sales of that supplier's goods, what the supplier proposes, and the answer."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from protocol.limits import MAX_LINES, MAX_REPORT_AREAS, MAX_REPORT_LINES
from protocol.process.trade.papers.base import (
    Code,
    Date,
    DocumentId,
    Paper,
    Part,
    Scaled,
    SignedAmount,
    Text,
    Word,
)
from protocol.process.trade.papers.goods import Item
from protocol.process.trade.papers.parties import Party

ORDERED: Final = "ordered"
DECLINED: Final = "declined"
ANSWERS: Final = (ORDERED, DECLINED)


class SoldLine(Part, frozen=True, kw_only=True):
    """One item in one unit: ``sold`` in thousandths of ``unit`` (Rec 20), below zero where more came back.

    Known by ``gtin`` (JAN) or by ``seller_id``, the supplier's own number (品番). ``amount``: what customers paid for
    it, minor units; only where the shop shows its prices.
    """

    gtin: Code = ""
    seller_id: Word = ""
    unit: Code
    sold: SignedAmount
    amount: SignedAmount | None = None


class SoldArea(Part, frozen=True, kw_only=True):
    """The sales of all stores in one area. ``area``: two digits of a prefecture (JIS X 0401) or five of a municipality
    (with JIS X 0402). ``store``: its name, only where the shop names its stores; the area is then that store's."""

    area: Code
    store: Text = ""
    lines: Annotated[tuple[SoldLine, ...], Meta(max_length=MAX_REPORT_LINES)] = ()


class SalesReport(Paper, frozen=True, kw_only=True):
    """販売報告: what a shop sold of its supplier's goods in the ISO week ``week`` (``2026-W40``).

    All that it tells of that week: a later report of the week takes the place of the earlier one, and one without
    ``areas`` says that nothing was sold. ``tax_included``: amounts contain the tax.
    """

    buyer: Party
    seller: Party
    week: Code
    areas: Annotated[tuple[SoldArea, ...], Meta(max_length=MAX_REPORT_AREAS)] = ()
    tax_included: bool = False


class ProposedLine(Part, frozen=True, kw_only=True):
    """One item that the supplier proposes; ``item.seller_id`` names it in its catalogue; ``reason`` in words."""

    item: Item
    quantity: Scaled
    unit: Code
    reason: Text = ""


class ReplenishmentProposal(Paper, frozen=True, kw_only=True):
    """補充の提案: the supplier proposes an order. It binds nobody, and states no price: an order is made at the prices
    of the catalogue in force. ``valid_until``: the last day on which the supplier wants it to be taken up."""

    buyer: Party
    seller: Party
    lines: Annotated[tuple[ProposedLine, ...], Meta(min_length=1, max_length=MAX_LINES)]
    valid_until: Date


class ReplenishmentAnswer(Paper, frozen=True, kw_only=True):
    """補充の提案への回答: ``answer`` ``ordered``, with the number of the ``order`` (a dealing of its own), or
    ``declined``. ``proposal``: the document id of what it answers."""

    proposal: DocumentId
    answer: Code
    order: Word = ""
    reason: Text = ""
