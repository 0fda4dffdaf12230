"""A paper as a page shows it: labelled facts, a table of lines, tax per rate, totals. Owns which fields people see.

Everything a paper says that has no row here is in its PDF and its proof. Texts come out in the reader's language; the
template escapes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from node import units, words
from node.i18n import N_
from node.services import advising
from node.services.drawings import showing
from node.web.render import money, price, quantity
from node.web.sheets.contract import METHODS, TAXES, tax_code
from node.web.sheets.goods import DISPOSITIONS
from protocol.process.trade.papers import (
    Billing,
    ChangeResponse,
    CorrectiveInvoice,
    Delivery,
    DeliveryTerms,
    DespatchAdvice,
    InvoiceLine,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    Paper,
    PaymentNotice,
    PaymentTerms,
    Quotation,
    ReceivingAdvice,
    RequestForQuotation,
    SelfBilledResponse,
)

Say = Callable[..., str]
Fact = tuple[str, str, str]  # label, kind (text, day), value
_TAX: Final = dict(TAXES)
_METHOD: Final = dict(METHODS)
_DISPOSITION: Final = dict(DISPOSITIONS)


@dataclass(frozen=True)
class Shown:
    """``facts``: (label, kind, value); ``rows``: cells by column; texts are said.

    A number's column is in ``numbers``, in ``days`` one whose cells are days, YYYY-MM-DD, with spaces between them; a
    column that is empty in every line is left out.
    """

    facts: tuple[Fact, ...]
    columns: tuple[str, ...]
    numbers: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    taxes: tuple[tuple[str, str, str], ...]
    totals: tuple[tuple[str, str], ...]
    notes: tuple[advising.Note, ...]
    days: frozenset[int] = frozenset()
    drawings: tuple[showing.Shown, ...] = ()


def shown(paper: Paper, say: Say, names: dict[str, str] | None = None) -> Shown:
    """The paper for a page. ``names``: item names by order line, for papers whose lines only point at the order's."""
    columns, numbers, rows = _table(paper, say, names or {})
    filled = [at for at in range(len(columns)) if at == 0 or any(row[at] for row in rows)]
    days = {3} if isinstance(paper, OrderResponse) else {5} if columns == _GOODS else set()
    return Shown(
        tuple(_facts(paper, say)),
        tuple(say(columns[at]) for at in filled),
        frozenset(now for now, at in enumerate(filled) if at in numbers),
        tuple(tuple(row[at] for at in filled) for row in rows),
        tuple(_taxes(paper, say)),
        tuple(_totals(paper, say)),
        tuple(advising.of_paper(paper)),
        frozenset(now for now, at in enumerate(filled) if at in days),
        showing.drawings_of(paper),
    )


# --- facts


def _facts(paper: Paper, say: Say) -> Iterator[Fact]:
    yield say(N_("Number")), "text", paper.number
    yield say(N_("Date")), "day", paper.issue_date
    match paper:
        case OrderResponse() | ChangeResponse() | SelfBilledResponse():
            yield say(N_("Answer")), "text", words.answer(paper.response, say)
        case ReceivingAdvice():
            yield say(N_("Result")), "text", words.inspected(paper.result, say)
            yield say(N_("Arrived on")), "day", paper.received_date
        case DespatchAdvice():
            yield from _shipment(paper, say)
        case RequestForQuotation() if paper.reply_by:
            yield say(N_("Answer wanted by")), "day", paper.reply_by
        case Quotation() if paper.validity is not None:
            yield say(N_("Good until")), "day", paper.validity.end
        case PaymentNotice():
            yield say(N_("Day of payment")), "day", paper.payment_date
        case Billing():
            yield from _billing(paper, say)
        case _:
            pass
    if isinstance(paper, Order) and paper.inspection is not None and paper.inspection.completion_date:
        yield say(N_("Inspection finished by")), "day", paper.inspection.completion_date
    yield from _delivery(getattr(paper, "delivery", None), say)
    yield from _freight(getattr(paper, "delivery_terms", None), say)
    yield from _terms(getattr(paper, "terms", None), say)
    if isinstance(paper, OrderCancellation | OrderChange | OrderResponse | ChangeResponse | SelfBilledResponse):
        yield say(N_("Reason")), "text", paper.reason
    yield say(N_("Note to the partner")), "text", paper.note


def _shipment(paper: DespatchAdvice, say: Say) -> Iterator[Fact]:
    if paper.shipment is None:
        return
    yield say(N_("Leaves on")), "day", paper.shipment.despatch_date
    yield say(N_("Arrives on")), "day", paper.shipment.arrival_date
    yield say(N_("Carrier")), "text", paper.shipment.carrier
    yield say(N_("Tracking number")), "text", paper.shipment.tracking


def _billing(paper: Billing, say: Say) -> Iterator[Fact]:
    yield say(N_("Registration number")), "text", paper.seller.registration_number
    yield say(N_("Day of delivery")), "day", paper.transaction_date
    if isinstance(paper, CorrectiveInvoice):
        yield say(N_("Corrects invoice")), "text", paper.corrects
        yield say(N_("Reason")), "text", paper.reason


def _delivery(delivery: Delivery | None, say: Say) -> Iterator[Fact]:
    if delivery is None:
        return
    if delivery.period is not None:
        yield say(N_("Delivery date")), "day", delivery.period.end or delivery.period.start
    if delivery.location is not None:
        yield say(N_("Place of delivery")), "text", delivery.location.name


def _freight(terms: DeliveryTerms | None, say: Say) -> Iterator[Fact]:
    if terms is None:
        return
    code = say(words.FREIGHT[terms.code]) if terms.code in words.FREIGHT else terms.code
    yield say(N_("Terms of delivery")), "text", " ".join(filter(None, (code, terms.place, terms.description)))


def _terms(terms: PaymentTerms | None, say: Say) -> Iterator[Fact]:
    if terms is None:
        return
    yield say(N_("Day of payment")), "day", terms.due_date
    if terms.means and terms.means[0].method in _METHOD:
        yield say(N_("Way of payment")), "text", say(_METHOD[terms.means[0].method])


# --- lines

_GOODS: Final = (N_("Item"), N_("Quantity"), N_("Unit price"), N_("Tax"), N_("Amount"), N_("Delivery date"))
_ANSWERS: Final = (N_("Item"), N_("Answer"), N_("Accepted quantity"), N_("Delivery date"), N_("Reason"))
_SHIPPED: Final = (N_("Item"), N_("Shipped"), N_("Outstanding"), N_("Remark"))
_INSPECTED: Final = (N_("Item"), N_("Passed"), N_("Failed"), N_("Did not arrive"), N_("Remark"))


def _table(
    paper: Paper, say: Say, names: dict[str, str]
) -> tuple[tuple[str, ...], tuple[int, ...], list[tuple[str, ...]]]:
    match paper:
        case RequestForQuotation() | Quotation() | Order() | Billing():
            return _GOODS, (1, 2, 4), [_goods(line, paper.currency, say) for line in paper.lines]
        case OrderChange():
            return _GOODS, (1, 2, 4), [_goods(one.line, paper.currency, say) for one in paper.lines]
        case OrderResponse():
            return _ANSWERS, (2,), [_answered(line, say, names) for line in paper.lines]
        case DespatchAdvice():
            return (
                _SHIPPED,
                (1, 2),
                [
                    (_name(line, names), _count(line.quantity, line.unit, say), quantity(line.outstanding), line.reason)
                    for line in paper.lines
                ],
            )
        case ReceivingAdvice():
            return _INSPECTED, (1, 2, 3), [_received(line, say, names) for line in paper.lines]
        case PaymentNotice():
            return (
                (N_("Invoice"), N_("Paid")),
                (1,),
                [(item.number, money(item.amount, paper.currency)) for item in paper.items],
            )
        case _:
            return (), (), []


def _name(line: Any, names: dict[str, str]) -> str:
    item = getattr(line, "item", None)
    return str(item.name if item is not None else names.get(line.order_line_id, line.order_line_id))


def _count(value: Any, unit: str, say: Say) -> str:
    return "" if value is None else units.counted(quantity(value), unit, say)


def _goods(line: OrderLine | InvoiceLine, currency: str, say: Say) -> tuple[str, ...]:
    code = tax_code(line.tax) if line.tax is not None else ""
    tax = say(_TAX[code]) if code in _TAX else code
    each = "" if line.price is None else price(line.price.value, currency)
    off = isinstance(line, InvoiceLine) and line.negative
    amount = -line.amount if off and line.amount is not None else line.amount
    day = line.delivery.period if isinstance(line, OrderLine) and line.delivery is not None else None
    wanted = "" if day is None else day.end or day.start
    return line.item.name, _count(line.quantity, line.unit, say), each, tax, money(amount, currency), wanted


def _answered(line: Any, say: Say, names: dict[str, str]) -> tuple[str, ...]:
    days = [promise.delivery.period for promise in line.promises if promise.delivery and promise.delivery.period]
    day = " ".join(period.end or period.start for period in days)
    return _name(line, names), words.answer(line.status, say), _count(line.quantity, line.unit, say), day, line.reason


def _received(line: Any, say: Say, names: dict[str, str]) -> tuple[str, ...]:
    fate = say(_DISPOSITION[line.disposition]) if line.disposition in _DISPOSITION else ""
    remark = " ".join(part for part in (fate, line.reason) if part)
    return _name(line, names), _count(line.passed, line.unit, say), quantity(line.failed), quantity(line.short), remark


# --- sums


def _taxes(paper: Paper, say: Say) -> Iterator[tuple[str, str, str]]:
    for one in getattr(paper, "taxes", ()):
        code = tax_code(one)
        yield (
            say(_TAX[code]) if code in _TAX else code,
            money(one.basis, paper.currency),
            money(one.tax, paper.currency),
        )


def _totals(paper: Paper, say: Say) -> Iterator[tuple[str, str]]:
    found = getattr(paper, "totals", None)
    if isinstance(paper, PaymentNotice):
        yield say(N_("Total")), money(paper.total, paper.currency)
    if found is None:
        return
    for label, amount in (
        (N_("Without tax"), found.net),
        (N_("Tax"), found.tax),
        (N_("Total"), found.payable if found.payable is not None else found.gross),
    ):
        if amount is not None:
            yield say(label), money(amount, paper.currency)
