"""What a dealing comes to now, and when the next goods are due: the figures of its line in lists and of its heading.

Owns the choice of figure. The fold decides what is agreed, billed and paid; sums are footed by the protocol's rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from protocol.process.fact import Fact
from protocol.process.money import denano
from protocol.process.thread import ThreadState
from protocol.process.trade import footing
from protocol.process.trade.papers import Delivery, Order, Quotation, RequestForQuotation, Scaled

Offer = Order | Quotation | RequestForQuotation


def offer_of(state: ThreadState, facts: Iterable[Fact]) -> Offer | None:
    """The order as it stands, else the latest quotation, else the latest enquiry."""
    if state.order is not None:
        return state.order
    latest: Offer | None = None
    for fact in sorted(facts, key=lambda one: (isinstance(one.body, Quotation), one.time, one.id)):
        if isinstance(fact.body, Quotation | RequestForQuotation):
            latest = fact.body
    return latest


def amount(state: ThreadState, offer: Offer | None) -> int | None:
    """Minor units with tax: what is left to pay, where something is; else what was accepted; else what is offered."""
    due = sum(bill.due for bill in state.bills if bill.due > 0)
    if due:
        return due
    accepted = {line.line_id: line.accepted for line in state.lines if line.accepted}
    if isinstance(offer, Order) and accepted:
        lines = (line for line in offer.lines if line.line_id in accepted)
        offer = replace(
            offer, lines=tuple(replace(line, quantity=Scaled(*denano(accepted[line.line_id]))) for line in lines)
        )
        offer = footing.offer(offer)
    totals = getattr(offer, "totals", None)
    return None if totals is None else totals.payable


def delivery_day(state: ThreadState, offer: Offer | None) -> str:
    """The first promised day of what is not shipped yet; of what is shipped the last that was promised.

    Where nothing was promised, the day that the order wants. YYYY-MM-DD or empty.
    """
    shipped = {line.line_id: line.despatched for line in state.lines}
    open_days = []
    for line_id, promises in state.promises:
        left = shipped.get(line_id, 0)
        for promise in sorted(promises, key=lambda one: day_of(one.delivery)):
            size = 0 if promise.quantity is None else promise.quantity.value * 10 ** (9 - promise.quantity.scale)
            left -= size
            if left < 0 or not size:
                open_days.append(day_of(promise.delivery))
    left_over = [line for line in state.lines if line.despatched < line.accepted]
    promised = dict(state.promises)
    if not open_days and promised and all(line.line_id in promised or "" in promised for line in left_over):
        open_days = [max(day_of(one.delivery) for promises in promised.values() for one in promises)]
    wanted = [] if offer is None else [day_of(line.delivery) for line in offer.lines] + [day_of(offer.delivery)]
    return min((day for day in open_days if day), default="") or min((day for day in wanted if day), default="")


def day_of(delivery: Delivery | None) -> str:
    """The last day of a delivery's period, else its first."""
    if delivery is None or delivery.period is None:
        return ""
    return delivery.period.end or delivery.period.start
