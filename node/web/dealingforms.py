"""The form of a dealing's next paper: the sheet's values, with the names of goods that only the order says.

Owns that mixture, for a member's own page of a dealing and for the page that a guest opens by a link.
"""

from __future__ import annotations

from typing import Any, Final

from node import units, words
from node.services.desk.dealing import Dealing
from node.services.drafting import Step
from node.web.paperview import Say, shown
from node.web.render import quantity
from node.web.sheetpage import About
from node.web.sheets import Sheet, contract
from protocol.process.money import denano
from protocol.process.trade.papers import (
    TYPE_OF,
    DespatchAdvice,
    OrderCancellation,
    OrderChange,
    OrderResponse,
    Paper,
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
    return About(heading, shown(paper, say, item_names(found)))


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
