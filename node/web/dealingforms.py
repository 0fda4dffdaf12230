"""The form of a dealing's next paper: the sheet's values, with the names of goods that only the order says.

Owns that mixture, for a member's own page of a dealing and for the page that a guest opens by a link.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec

from node import units, words
from node.i18n import N_
from node.services.desk.dealing import Dealing
from node.services.drafting import Step
from node.web.paperview import Say, Shown, shown
from node.web.render import quantity
from node.web.sheetpage import About
from node.web.sheets import Sheet, contract
from protocol.process.money import denano
from protocol.process.trade.papers import (
    TYPE_OF,
    DespatchAdvice,
    Order,
    OrderCancellation,
    OrderChange,
    OrderResponse,
    Paper,
    PromisedDelivery,
    ReceivingAdvice,
    Scaled,
    SelfBilledStatement,
)


def item_names(found: Dealing) -> dict[str, str]:
    """Names of the goods by line of the order, for papers whose lines only point at them."""
    lines = found.state.order.lines if found.state.order is not None else ()
    return {line.line_id: line.item.name for line in lines}


def values(sheet: Sheet, step: Step, paper: Paper, found: Dealing, say: Say) -> dict[str, Any]:
    """What the draft puts into the form of the step. ``say``: for the units of what is only shown."""
    order = found.state.order
    if step is Step.CHANGE and order is not None:
        return contract.change_values(order)
    filled = sheet.values(paper)
    if isinstance(paper, OrderResponse) and order is not None:
        ordered = {line.line_id: line for line in order.lines}
        for line in filled["lines"]:
            at = ordered[line["id"]]
            line |= {"item": at.item.name, "ordered": counted(at.quantity, at.unit, say)}
    if isinstance(paper, DespatchAdvice | ReceivingAdvice):
        unit_of, shows = {line.line_id: line.unit for line in found.state.lines}, _SHOWS[type(paper)]
        for line in filled["lines"]:
            line[shows] = counted(line[shows], unit_of.get(line["id"], ""), say)
    names = item_names(found)
    for line in filled.get("lines", ()):
        line.setdefault("item", names.get(line.get("id", ""), ""))
    return filled


#: The column that only shows how much there is, by paper.
_SHOWS: Final[dict[type[Paper], str]] = {DespatchAdvice: "open", ReceivingAdvice: "sent"}


def counted(amount: Scaled | int | None, unit: str, say: Say) -> str:
    """12箱: a quantity with its unit. An int is in 10^-9."""
    value = Scaled(*denano(amount)) if isinstance(amount, int) else amount
    return "" if value is None else units.counted(quantity(value), unit, say)


def about(found: Dealing, step: Step, say: Say) -> About | None:
    """What the step's paper answers or carries out, to be read before; None where the form says it all."""
    paper = _answered(found, step)
    if paper is None:
        return None
    heading = f"{words.paper(TYPE_OF[type(paper)], say)} {paper.number}".strip()
    if isinstance(paper, Order):
        paper = _as_promised(paper, dict(found.state.promises))
    content = shown(paper, say, item_names(found))
    if isinstance(paper, OrderResponse) and found.state.order is not None:
        content = _beside(content, paper, found.state.order, say)
    return About(heading, content)


def _as_promised(order: Order, promised: dict[str, tuple[PromisedDelivery, ...]]) -> Order:
    """The order with the days that were agreed for its lines since."""
    days = {
        line_id: one.delivery
        for line_id, several in promised.items()
        for one in several[:1]
        if one.delivery is not None and one.delivery.period is not None
    }
    lines = tuple(
        msgspec.structs.replace(line, delivery=days.get(line.line_id) or days.get("") or line.delivery)
        for line in order.lines
    )
    return msgspec.structs.replace(order, lines=lines)


def _beside(content: Shown, paper: OrderResponse, order: Order, say: Say) -> Shown:
    """An answer with what was ordered beside what is offered, behind the name of the goods."""
    ordered = {line.line_id: counted(line.quantity, line.unit, say) for line in order.lines}
    rows = zip(content.rows, paper.lines, strict=True)
    return replace(
        content,
        columns=(content.columns[0], say(N_("Ordered")), *content.columns[1:]),
        numbers=frozenset({1, *(at + 1 for at in content.numbers)}),
        days=frozenset(at + 1 for at in content.days),
        rows=tuple((row[0], ordered.get(line.order_line_id, ""), *row[1:]) for row, line in rows),
    )


def _answered(found: Dealing, step: Step) -> Paper | None:
    if step in (Step.ANSWER, Step.SHIP):
        return found.state.order
    theirs = [entry.paper for entry in found.timeline if not entry.mine and entry.paper is not None]  # latest first
    asked = {one.number for one in found.state.questions if not one.answer}
    for paper in theirs:
        match step, paper:
            case Step.AGREE, OrderResponse() if paper.response == "changed":
                return paper
            case Step.DECIDE, (OrderChange() | OrderCancellation()) if paper.number in asked:
                return paper
            case Step.CONFIRM, SelfBilledStatement():
                return paper
            case _:
                pass
    return None
