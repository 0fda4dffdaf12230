"""What the terms with a partner put into an order: day and way of payment, who bears the freight.

Owns the filling in of what a draft leaves open; what a paper or a person said stays. The terms themselves are
``services.terms``.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from node.services import terms
from node.services.terms import PartnerTerms
from node.store import Tx
from protocol.process.checks import is_date
from protocol.process.trade.papers import Order, PaymentMeans, PaymentTerms
from protocol.process.trade.papers.parties import DeliveryTerms

#: ``DeliveryTerms.code`` of an order by who bears the freight; the parties' own words, no rule of Incoterms.
FREIGHT: Final = {"seller": "freight_seller", "buyer": "freight_buyer"}


def by_terms(tx: Tx, member: bytes, partner: bytes, order: Order) -> Order:
    """The draft with what the terms say where it says nothing; as it is where none were agreed."""
    agreed = terms.many(tx, member, (partner,)).get(partner)
    if agreed is None:
        return order
    found = order.terms or PaymentTerms()
    means = found.means or ((PaymentMeans(method=agreed.method),) if agreed.method else ())
    freight = FREIGHT.get(agreed.freight)
    return replace(
        order,
        terms=replace(found, due_date=found.due_date or _due(agreed, order), means=means),
        delivery_terms=order.delivery_terms or (DeliveryTerms(code=freight) if freight else None),
    )


def with_delivery(tx: Tx, member: bytes, partner: bytes, draft: Order, typed: Order) -> Order:
    """``typed``, its day of payment moved with the day of delivery; not if another was typed than the draft's."""
    agreed = terms.many(tx, member, (partner,)).get(partner)
    if agreed is None or typed.terms is None or draft.terms is None:
        return typed
    due = draft.terms.due_date
    if not due or typed.terms.due_date != due or due != _due(agreed, draft):
        return typed
    return replace(typed, terms=replace(typed.terms, due_date=_due(agreed, typed)))


def _due(agreed: PartnerTerms, order: Order) -> str:
    """By the last day of delivery that is known, else the day of the order."""
    periods = [one.period for one in (order.delivery, *(line.delivery for line in order.lines)) if one is not None]
    days = [period.end or period.start for period in periods if period is not None]
    return terms.payday(agreed, max((day for day in days if is_date(day)), default=order.issue_date))
