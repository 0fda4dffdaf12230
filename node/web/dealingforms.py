"""The form of a dealing's next paper: the sheet's values, with the names of goods that only the order says.

Owns that mixture, for a member's own page of a dealing and for the page that a guest opens by a link.
"""

from __future__ import annotations

from typing import Any

from node.services.desk.dealing import Dealing
from node.services.drafting import Step
from node.web.render import quantity
from node.web.sheets import Sheet, contract
from protocol.process.trade.papers import OrderResponse, Paper


def item_names(found: Dealing) -> dict[str, str]:
    """Names of the goods by line of the order, for papers whose lines only point at them."""
    lines = found.state.order.lines if found.state.order is not None else ()
    return {line.line_id: line.item.name for line in lines}


def values(sheet: Sheet, step: Step, paper: Paper, found: Dealing) -> dict[str, Any]:
    """What the draft puts into the form of the step."""
    order = found.state.order
    if step is Step.CHANGE and order is not None:
        return contract.change_values(order)
    filled = sheet.values(paper)
    if isinstance(paper, OrderResponse) and order is not None:
        ordered = {line.line_id: line for line in order.lines}
        for line in filled["lines"]:
            at = ordered[line["id"]]
            line |= {"item": at.item.name, "ordered": quantity(at.quantity)}
    names = item_names(found)
    for line in filled.get("lines", ()):
        line.setdefault("item", names.get(line.get("id", ""), ""))
    return filled
