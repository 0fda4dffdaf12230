"""What the terms with a partner put into an order: what nobody said; the day of payment follows the delivery."""

from __future__ import annotations

from msgspec.structs import replace

from node.services import terms
from node.services.desk import conditions, dealing, partners
from node.services.drafting import Step
from node.services.terms import PartnerTerms
from protocol.process.trade.papers import Delivery, DeliveryTerms, Order, PaymentTerms, Period, RequestForQuotation
from protocol.process.trade.table import Role
from tests.node.services.desk.test_desk import DAY, Pair

AGREED = PartnerTerms(closing_day=20, pay_months=1, pay_day=10, method="electronic_record", freight="buyer")


def paired() -> Pair:
    pair = Pair()
    pair.here.do(lambda tx: terms.put(pair.here.house, tx, pair.buyer, pair.seller, AGREED))
    return pair


def first(pair: Pair, kind: type[Order] | type[RequestForQuotation] = Order) -> Order | RequestForQuotation:
    here = pair.here
    return here.do(lambda tx: partners.first_paper(here.house, tx, pair.buyer, pair.seller, kind, DAY))


def delivered(order: Order, day: str) -> Order:
    return replace(order, delivery=Delivery(period=Period(end=day)))


def test_a_first_order_has_the_day_and_way_of_payment_and_the_freight() -> None:
    order = first(paired())
    assert isinstance(order, Order)
    assert order.terms is not None
    assert (order.terms.due_date, order.terms.means[0].method) == ("2026-11-10", "electronic_record")
    assert order.delivery_terms == DeliveryTerms(code="freight_buyer")
    assert first(paired(), RequestForQuotation).terms is None


def test_without_terms_nothing_is_filled_in() -> None:
    order = first(Pair())
    assert isinstance(order, Order)
    assert (order.terms, order.delivery_terms) == (None, None)


def test_an_order_after_a_quotation_is_paid_by_the_terms_too() -> None:
    pair = paired()
    thread = pair.begin()
    pair.take(Role.SELLER, thread, Step.QUOTE)
    paper = pair.here.do(lambda tx: dealing.write_draft(tx, pair.buyer, thread, Step.ORDER, DAY))
    assert isinstance(paper, Order)
    assert paper.terms is not None
    assert paper.terms.due_date == "2026-11-10"


def test_what_a_paper_says_stays() -> None:
    pair = paired()
    order = first(Pair())
    assert isinstance(order, Order)
    said = replace(order, terms=PaymentTerms(due_date="2026-10-31"), delivery_terms=DeliveryTerms(code="FCA"))
    filled = pair.here.see(lambda tx: conditions.by_terms(tx, pair.buyer, pair.seller, said))
    assert filled.terms is not None
    assert (filled.terms.due_date, filled.terms.means[0].method) == ("2026-10-31", "electronic_record")
    assert filled.delivery_terms == DeliveryTerms(code="FCA")


def test_the_day_of_payment_follows_the_day_of_delivery_until_somebody_types_another() -> None:
    pair = paired()
    draft = first(pair)
    assert isinstance(draft, Order)
    assert draft.terms is not None

    def moved(typed: Order) -> str:
        found = pair.here.see(lambda tx: conditions.with_delivery(tx, pair.buyer, pair.seller, draft, typed))
        return "" if found.terms is None else found.terms.due_date

    assert moved(delivered(draft, "2026-10-20")) == "2026-11-10"
    assert moved(delivered(draft, "2026-10-21")) == "2026-12-10"
    own = replace(delivered(draft, "2026-10-21"), terms=PaymentTerms(due_date="2026-11-30"))
    assert moved(own) == "2026-11-30"
    assert moved(replace(delivered(draft, "2026-10-21"), terms=None)) == ""
