"""The draft of each step: what the papers before it already say, written down once more for a person to look over.

Owns the text of drafts; which steps there are is ``steps``. Numbers, days and the sides' names come from the caller;
amounts are worked out by ``protocol.process.trade.footing``. A draft satisfies ``protocol.process.trade.check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from node.services.drafting.steps import Step, to_bill, to_inspect, to_ship
from protocol.errors import ImpossibleStep
from protocol.process.fact import Fact
from protocol.process.money import Rounding, denano
from protocol.process.trade import footing
from protocol.process.trade.papers import (
    CorrectiveInvoice,
    Delivery,
    DespatchAdvice,
    DespatchLine,
    Invoice,
    InvoiceLine,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    PaidItem,
    Paper,
    Party,
    PaymentNotice,
    PaymentTerms,
    Quotation,
    ReceivingAdvice,
    ReceivingLine,
    Reference,
    RequestForQuotation,
    ResponseLine,
    Scaled,
    SelfBilledResponse,
    SelfBilledStatement,
    TaxCategory,
    Totals,
)
from protocol.process.trade.papers.ordering import ChangeResponse
from protocol.process.trade.state import ThreadState
from protocol.process.trade.table import Role
from protocol.process.trade.terms import quantity

STANDARD: Final = TaxCategory(category="S", rate=Scaled(10))  # 消費税 since 2019-10-01
AnyPaper = TypeVar("AnyPaper", bound=Paper)


@dataclass(frozen=True)
class Context:
    """What a draft needs beside the dealing.

    ``today``: YYYY-MM-DD at the writer; ``number``: the new paper's business number; ``me``: the side that writes.
    ``buyer`` and ``seller``: how the sides are named where no paper of the dealing names them yet; ``due``: the day of
    payment by the writer's terms.
    """

    today: str
    number: str
    me: Role
    buyer: Party
    seller: Party
    rounding: Rounding = Rounding.DOWN
    due: str = ""


@dataclass(frozen=True)
class _Dealing:
    state: ThreadState
    papers: tuple[Paper, ...]  # in effect, oldest first
    context: Context

    def last(self, kind: type[AnyPaper]) -> AnyPaper | None:
        return next((paper for paper in reversed(self.papers) if isinstance(paper, kind)), None)

    def require_order(self) -> Order:
        order = self.state.order
        if order is None:
            raise ImpossibleStep("order", "this dealing has no order that stands")
        return order

    @property
    def buyer(self) -> Party:
        return self._party("buyer", self.context.buyer)

    @property
    def seller(self) -> Party:
        return self._party("seller", self.context.seller)

    def _party(self, side: str, otherwise: Party) -> Party:
        named = (getattr(paper, side, None) for paper in reversed(self.papers))
        return next((found for found in named if found is not None), otherwise)


def draft(step: Step, state: ThreadState, facts: Iterable[Fact], context: Context) -> Paper:
    """The draft of ``step``. ``facts``: the dealing's, in any order. ImpossibleStep where there is nothing to write."""
    standing = sorted((fact for fact in facts if _stands(state, fact)), key=lambda fact: (fact.time, fact.id))
    return _WRITERS[step](_Dealing(state, tuple(fact.body for fact in standing), context))


def _stands(state: ThreadState, fact: Fact) -> bool:
    outcome = state.outcomes.get(fact.id)
    return outcome is None or outcome.verdict.value == "effective"


# --- the contract


def _quote(dealing: _Dealing) -> Quotation:
    asked = dealing.last(RequestForQuotation) or dealing.last(Quotation)
    if asked is None:
        raise ImpossibleStep("order", "nothing was asked for in this dealing")
    context = dealing.context
    lines = tuple(_taxed(_bare(line)) for line in asked.lines)
    paper = Quotation(
        number=context.number,
        issue_date=context.today,
        currency=asked.currency or "JPY",
        buyer=dealing.buyer,
        seller=dealing.seller,
        lines=lines,
        delivery=asked.delivery,
        delivery_terms=asked.delivery_terms,
        terms=asked.terms,
        references=_refers("request_for_quotation", asked.number, asked.issue_date),
    )
    return footing.offer(paper, context.rounding)


def _order(dealing: _Dealing) -> Order:
    source = dealing.last(Quotation) or dealing.last(RequestForQuotation)
    if source is None:
        raise ImpossibleStep("order", "there is no quotation to order from")
    context = dealing.context
    kind = "quotation" if isinstance(source, Quotation) else "request_for_quotation"
    paper = Order(
        number=context.number,
        issue_date=context.today,
        currency=source.currency or "JPY",
        buyer=dealing.buyer,
        seller=dealing.seller,
        lines=tuple(_bare(line) for line in source.lines),
        delivery=source.delivery,
        delivery_terms=source.delivery_terms,
        terms=source.terms,
        allowances=source.allowances if isinstance(source, Quotation) else (),
        tax_included=isinstance(source, Quotation) and source.tax_included,
        references=_refers(kind, source.number, source.issue_date),
    )
    return footing.offer(paper, context.rounding)


def _answer(dealing: _Dealing) -> OrderResponse:
    order = dealing.require_order()
    lines = tuple(
        ResponseLine(
            line_id=line.line_id, order_line_id=line.line_id, status="accepted", quantity=line.quantity, unit=line.unit
        )
        for line in order.lines
    )
    return OrderResponse(
        number=dealing.context.number,
        issue_date=dealing.context.today,
        currency=order.currency,
        response="accepted",
        order=order.number,
        buyer=order.buyer,
        seller=order.seller,
        lines=lines,
    )


def _agree(dealing: _Dealing) -> ChangeResponse:
    answer = next(
        (one for one in reversed(dealing.papers) if isinstance(one, OrderResponse) and one.response == "changed"), None
    )
    if answer is None:
        raise ImpossibleStep("answers", "there is no answer with changes")
    return _yes(dealing, answer.number, answer.order)


def _decide(dealing: _Dealing) -> ChangeResponse:
    question = next(
        (one for one in dealing.state.questions if not one.answer and one.asked_by is not dealing.context.me), None
    )
    if question is None:
        raise ImpossibleStep("answers", "nobody asks for a change")
    return _yes(dealing, question.number, dealing.require_order().number)


def _yes(dealing: _Dealing, answers: str, order: str) -> ChangeResponse:
    return ChangeResponse(
        number=dealing.context.number,
        issue_date=dealing.context.today,
        response="accepted",
        answers=answers,
        order=order,
    )


def _change(dealing: _Dealing) -> OrderChange:
    order = dealing.require_order()
    return OrderChange(
        number=dealing.context.number, issue_date=dealing.context.today, currency=order.currency, order=order.number
    )


def _cancel(dealing: _Dealing) -> OrderCancellation:
    order = dealing.require_order()
    return OrderCancellation(
        number=dealing.context.number, issue_date=dealing.context.today, order=order.number, reason=""
    )


# --- the goods


def _ship(dealing: _Dealing) -> DespatchAdvice:
    order, open_lines = dealing.require_order(), _open(dealing, to_ship)
    by_id = {line.line_id: line for line in order.lines}
    return DespatchAdvice(
        number=dealing.context.number,
        issue_date=dealing.context.today,
        order=order.number,
        buyer=order.buyer,
        seller=order.seller,
        delivery=_promised(dealing.state, order, open_lines),
        lines=tuple(
            DespatchLine(
                line_id=str(at),
                order_line_id=line_id,
                quantity=_scaled(amount),
                unit=by_id[line_id].unit,
                item=by_id[line_id].item,
            )
            for at, (line_id, amount) in enumerate(open_lines.items(), 1)
        ),
    )


def _promised(state: ThreadState, order: Order, line_ids: Iterable[str]) -> Delivery | None:
    """The order's delivery; its day is the one that was promised for all of these lines, where one was."""
    promised = dict(state.promises)
    days = {
        one.delivery.period
        for line_id in line_ids
        for one in promised.get(line_id, promised.get("", ()))
        if one.delivery is not None and one.delivery.period is not None
    }
    every = all(line_id in promised or "" in promised for line_id in line_ids)
    return replace(order.delivery or Delivery(), period=days.pop()) if every and len(days) == 1 else order.delivery


def _inspect(dealing: _Dealing) -> ReceivingAdvice:
    order, open_lines = dealing.require_order(), _open(dealing, to_inspect)
    units = {line.line_id: line.unit for line in order.lines}
    advices = [paper for paper in dealing.papers if isinstance(paper, DespatchAdvice)]
    known = {paper.despatch for paper in dealing.papers if isinstance(paper, ReceivingAdvice)}
    awaited = [paper.number for paper in advices if paper.number not in known]
    return ReceivingAdvice(
        number=dealing.context.number,
        issue_date=dealing.context.today,
        order=order.number,
        result="accepted",
        received_date=dealing.context.today,
        inspection_date=dealing.context.today,
        despatch=awaited[0] if len(awaited) == 1 else "",
        buyer=order.buyer,
        seller=order.seller,
        lines=tuple(
            ReceivingLine(
                line_id=str(at),
                order_line_id=line_id,
                unit=units[line_id],
                received=_scaled(amount),
                passed=_scaled(amount),
            )
            for at, (line_id, amount) in enumerate(open_lines.items(), 1)
        ),
    )


# --- the money


def _bill(dealing: _Dealing) -> Invoice:
    parts = _billing(dealing)
    seller: Party = parts["seller"]
    return footing.bill(Invoice(**parts, kind="380" if seller.registration_number else "480"))


def _state(dealing: _Dealing) -> SelfBilledStatement:
    return footing.bill(SelfBilledStatement(**_billing(dealing), kind="389"))


def _billing(dealing: _Dealing) -> dict[str, Any]:
    order, open_lines, context = dealing.require_order(), _open(dealing, to_bill), dealing.context
    by_id = {line.line_id: line for line in order.lines}
    day = _day_of_delivery(dealing)
    terms = order.terms
    if context.due and (terms is None or not terms.due_date):
        terms = PaymentTerms(due_date=context.due, means=() if terms is None else terms.means)
    return {
        "number": context.number,
        "issue_date": context.today,
        "currency": order.currency or "JPY",
        "order": order.number,
        "buyer": order.buyer,
        "seller": _with_registration(order.seller, context.seller),
        "transaction_date": day,
        "terms": terms,
        "rounding": context.rounding.value,
        "tax_included": order.tax_included,
        "taxes": (),
        "totals": Totals(),
        "lines": tuple(
            _billed(at, by_id[line_id], amount, order.number)
            for at, (line_id, amount) in enumerate(open_lines.items(), 1)
        ),
    }


def _billed(at: int, line: OrderLine, amount: int, order: str) -> InvoiceLine:
    whole = line.quantity
    share = line.amount if line.price is None and line.amount is not None and _scaled(amount) == whole else 0
    return InvoiceLine(
        line_id=str(at),
        item=line.item,
        quantity=_scaled(amount),
        unit=line.unit,
        amount=share,
        tax=line.tax or STANDARD,
        price=line.price,
        order=order,
        order_line_id=line.line_id,
    )


def _with_registration(named: Party, own: Party) -> Party:
    """The seller as the order names it, with the registration number that only the seller itself knows for sure."""
    return own if own.registration_number and not named.registration_number else named


def _day_of_delivery(dealing: _Dealing) -> str:
    received = dealing.last(ReceivingAdvice)
    if received is not None:
        return received.received_date
    shipped = dealing.last(DespatchAdvice)
    if shipped is not None and shipped.shipment is not None and shipped.shipment.despatch_date:
        return shipped.shipment.despatch_date
    return shipped.issue_date if shipped is not None else dealing.context.today


def _credit(dealing: _Dealing) -> CorrectiveInvoice:
    """A credit note: over what came back and is billed, else over all that still stands on the oldest open invoice."""
    invoice, standing = _creditable(dealing)
    back = {line.line_id: max(line.billed - line.credited - line.passed, 0) for line in dealing.state.lines}
    wanted = {line.line_id: min(back.get(line.order_line_id, 0), standing[line.line_id]) for line in invoice.lines}
    amounts = wanted if any(wanted.values()) else standing
    paper = CorrectiveInvoice(
        number=dealing.context.number,
        issue_date=dealing.context.today,
        currency=invoice.currency,
        order=invoice.order,
        buyer=invoice.buyer,
        seller=invoice.seller,
        lines=tuple(_credited(line, amounts[line.line_id]) for line in invoice.lines if amounts[line.line_id]),
        taxes=(),
        totals=Totals(),
        rounding=invoice.rounding,
        tax_included=invoice.tax_included,
        transaction_date=dealing.context.today,
        corrects=invoice.number,
        corrects_date=invoice.issue_date,
        effect="credited",
        reason="",
    )
    return footing.bill(paper)


def _creditable(dealing: _Dealing) -> tuple[Invoice, dict[str, int]]:
    """The oldest invoice that has something left, and how much of each of its lines (nano)."""
    taken = [one for one in dealing.papers if isinstance(one, CorrectiveInvoice) and one.effect == "credited"]
    for invoice in dealing.papers:
        if not isinstance(invoice, Invoice):
            continue
        left = {line.line_id: quantity(line.quantity) for line in invoice.lines}
        for credit in taken:
            for line in credit.lines if credit.corrects == invoice.number else ():
                left[line.line_id] = max(left.get(line.line_id, 0) - quantity(line.quantity), 0)
        if any(left.values()):
            return invoice, left
    raise ImpossibleStep("corrects", "there is no invoice to correct")


def _credited(line: InvoiceLine, amount: int) -> InvoiceLine:
    """The part of a billed line that is taken off; without a unit price, by its share of the quantity."""
    billed = quantity(line.quantity)
    share = line.amount * amount // billed
    allowances = line.allowances if amount == billed else ()
    return replace(line, quantity=_scaled(amount), amount=share, allowances=allowances, note="")


def _confirm(dealing: _Dealing) -> SelfBilledResponse:
    open_bills = (one for one in dealing.state.bills if one.type == "self_billed_statement" and not one.confirmed)
    statement = next(open_bills, None)
    if statement is None:
        raise ImpossibleStep("statement", "there is no statement to confirm")
    return SelfBilledResponse(
        number=dealing.context.number,
        issue_date=dealing.context.today,
        statement=statement.number,
        response="confirmed",
    )


def _pay(dealing: _Dealing) -> PaymentNotice:
    due = [bill for bill in dealing.state.bills if bill.due > 0]
    if not due:
        raise ImpossibleStep("items", "nothing is to be paid")
    return PaymentNotice(
        number=dealing.context.number,
        issue_date=dealing.context.today,
        currency=dealing.state.currency,
        payment_date=dealing.context.due or dealing.context.today,
        buyer=dealing.buyer,
        seller=dealing.seller,
        items=tuple(PaidItem(number=bill.number, kind=bill.type, amount=bill.due, billed=bill.amount) for bill in due),
        total=sum(bill.due for bill in due),
    )


# --- parts


def _open(dealing: _Dealing, amount: Callable[[Any], int]) -> Mapping[str, int]:
    found = {line.line_id: amount(line) for line in dealing.state.lines if amount(line)}
    if not found:
        raise ImpossibleStep("lines", "every line of this dealing has gone through this step")
    return found


def _scaled(nano: int) -> Scaled:
    return Scaled(*denano(nano))


def _bare(line: OrderLine) -> OrderLine:
    """The line without what only its writer's own books mean."""
    return OrderLine(
        line_id=line.line_id,
        item=line.item,
        quantity=line.quantity,
        unit=line.unit,
        price=line.price,
        amount=line.amount,
        tax=line.tax,
        allowances=line.allowances,
        delivery=line.delivery,
        formula=line.formula,
        note=line.note,
    )


def _taxed(line: OrderLine) -> OrderLine:
    return line if line.tax is not None else replace(line, tax=STANDARD)


def _refers(kind: str, number: str, day: str) -> tuple[Reference, ...]:
    return (Reference(kind=kind, number=number, date=day),)


_WRITERS: Final[Mapping[Step, Callable[[_Dealing], Paper]]] = {
    Step.QUOTE: _quote,
    Step.ORDER: _order,
    Step.ANSWER: _answer,
    Step.AGREE: _agree,
    Step.DECIDE: _decide,
    Step.SHIP: _ship,
    Step.INSPECT: _inspect,
    Step.BILL: _bill,
    Step.STATE: _state,
    Step.CREDIT: _credit,
    Step.CONFIRM: _confirm,
    Step.PAY: _pay,
    Step.CHANGE: _change,
    Step.CANCEL: _cancel,
}

PAPER_OF: Final[Mapping[Step, type[Paper]]] = {
    Step.QUOTE: Quotation,
    Step.ORDER: Order,
    Step.ANSWER: OrderResponse,
    Step.AGREE: ChangeResponse,
    Step.DECIDE: ChangeResponse,
    Step.SHIP: DespatchAdvice,
    Step.INSPECT: ReceivingAdvice,
    Step.BILL: Invoice,
    Step.STATE: SelfBilledStatement,
    Step.CREDIT: CorrectiveInvoice,
    Step.CONFIRM: SelfBilledResponse,
    Step.PAY: PaymentNotice,
    Step.CHANGE: OrderChange,
    Step.CANCEL: OrderCancellation,
}
"""The paper that each step writes."""
