"""Sheets of the contract: quotation, order, answer, change, cancellation, and the answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from node import units, words
from node.i18n import N_
from node.services.desk.conditions import FREIGHT
from node.services.drafting import Step
from node.web.forms import Form
from node.web.sheets.sheet import Column, Field, Sheet, dated, day_text
from protocol.process.checks import is_currency, is_gtin
from protocol.process.trade import footing
from protocol.process.trade.papers import (
    ChangeLine,
    ChangeResponse,
    Delivery,
    Inspection,
    Item,
    Location,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    PaymentMeans,
    PaymentTerms,
    Period,
    Price,
    PromisedDelivery,
    Quotation,
    RequestForQuotation,
    ResponseLine,
    Scaled,
    TaxCategory,
)
from protocol.process.trade.papers.parties import DeliveryTerms

AnyOffer = TypeVar("AnyOffer", RequestForQuotation, Quotation, Order)
JAN_WRONG: Final = N_("{label}: the check digit does not fit ({value}).")
NO_LINE: Final = N_("Enter at least one line.")
TAXES: Final = (
    ("S10", N_("10 %")),
    ("AA8", N_("8 % (reduced)")),
    ("E0", N_("exempt")),
    ("G0", N_("export (0 %)")),
    ("O0", N_("outside the tax")),
)
UNITS: Final = tuple((code, text) for code, text in (*units.UNITS.items(), *units.MEASURES.items()))
METHODS: Final = (
    ("transfer", N_("bank transfer")),
    ("cash", N_("cash")),
    ("electronic_record", N_("electronic record")),
    ("other", N_("other")),
)
FREIGHTS: Final = (("seller", N_("the seller")), ("buyer", N_("the buyer")))
YES_NO: Final = (("accepted", N_("Agree")), ("refused", N_("Do not agree")))
NAME, JAN, QUANTITY, UNIT = N_("Item"), N_("JAN"), N_("Quantity"), N_("Unit")
PRICE, TAX, REMARK = N_("Unit price"), N_("Tax"), N_("Remark")
_LINE_FIELDS: Final = ("name", "quantity", "price", "gtin", "note")

OFFER_COLUMNS: Final = (
    Column("name", NAME, required=True, size="l"),
    Column("gtin", JAN, size="m"),
    Column("quantity", QUANTITY, "number", required=True, size="s"),
    Column("unit", UNIT, "select", choices=UNITS),
    Column("price", PRICE, "number", size="s"),
    Column("tax", TAX, "select", choices=TAXES),
    Column("note", REMARK),
)


def tax_code(tax: TaxCategory | None) -> str:
    """A tax category as the list of choices names it."""
    if tax is None:
        return "S10"
    rate = tax.rate or Scaled(0)
    return f"{tax.category}{rate.value // 10**rate.scale}"


def tax_of(code: str) -> TaxCategory:
    """The tax category of a choice."""
    letters = code.rstrip("0123456789")
    rate = int(code[len(letters) :] or 0)
    return TaxCategory(category=letters, rate=Scaled(rate)) if rate else TaxCategory(category=letters)


def currencies(chosen: str) -> list[str]:
    """Codes of ISO 4217 to choose from: the usual ones, and what is chosen if it is another."""
    known = list(words.CURRENCIES)
    return known if chosen in known or not is_currency(chosen) else [*known, chosen]


# --- lines of what is offered or ordered


def offer_values(paper: RequestForQuotation | Quotation | Order) -> list[dict[str, Any]]:
    """The lines as a form shows them."""
    return [
        {
            "id": line.line_id,
            "name": line.item.name,
            "gtin": line.item.gtin,
            "quantity": line.quantity,
            "unit": line.unit or "H87",
            "price": "" if line.price is None else line.price.value,
            "tax": tax_code(line.tax),
            "note": line.note,
        }
        for line in paper.lines
    ]


def read_lines(form: Form, draft: RequestForQuotation | Quotation | Order, *, priced: bool) -> tuple[OrderLine, ...]:
    """The lines as typed, over those of the draft; a line that nobody typed into is left out."""
    known = {line.line_id: line for line in draft.lines}
    found: list[OrderLine] = []
    for row in form.rows("lines"):
        if form.blank("lines", row, _LINE_FIELDS):
            continue
        line = _read_line(form, f"lines.{row}", known.get(form.value(f"lines.{row}.id")), str(len(found) + 1), priced)
        if line is not None:
            found.append(line)
    if not found and form.ok:
        form.wrong("lines", NO_LINE)
    return tuple(found)


def _read_line(form: Form, at: str, before: OrderLine | None, number: str, priced: bool) -> OrderLine | None:
    say = form.say
    name = form.text(f"{at}.name", say(NAME))
    gtin = form.text(f"{at}.gtin", say(JAN), required=False, most=14)
    if gtin and not is_gtin(gtin):
        form.wrong(f"{at}.gtin", JAN_WRONG, label=say(JAN), value=gtin)
    quantity = form.scaled(f"{at}.quantity", say(QUANTITY), places=3)
    allowed = [code for code, _ in UNITS] + ([before.unit] if before is not None else [])
    unit = form.choice(f"{at}.unit", say(UNIT), allowed)
    price = form.scaled(f"{at}.price", say(PRICE), required=priced, places=4)
    tax = form.choice(f"{at}.tax", say(TAX), (code for code, _ in TAXES))
    note = form.text(f"{at}.note", say(REMARK), required=False)
    if quantity is None or not form.ok:
        return None
    line = before or OrderLine(line_id=number, item=Item(name=name), quantity=quantity)
    return replace(
        line,
        line_id=number,
        item=replace(line.item, name=name, gtin=gtin),
        quantity=quantity,
        unit=unit,
        price=None if price is None else _price(line.price, price),
        amount=None if price is not None else line.amount,
        tax=tax_of(tax),
        note=note,
    )


def _price(before: Price | None, value: Scaled) -> Price:
    return Price(value=value) if before is None else replace(before, value=value, allowance=None)


# --- delivery and payment


DELIVERY_FIELDS: Final = (
    Field("wanted", N_("Delivery date"), "date", required=False),
    Field("place", N_("Place of delivery"), required=False),
)
PAYMENT_FIELDS: Final = (
    Field("inspection", N_("Inspection finished by"), "date", required=False),
    Field("due", N_("Day of payment"), "date", required=False),
    Field("method", N_("Way of payment"), "select", required=False, choices=METHODS),
)
FREIGHT_FIELD: Final = Field("freight", N_("Who bears the freight"), "select", required=False, choices=FREIGHTS)
NOTE: Final = Field("note", N_("Note to the partner"), "area", required=False, most=2_000)


def _delivery_values(delivery: Delivery | None) -> dict[str, Any]:
    period = delivery.period if delivery is not None else None
    place = delivery.location.name if delivery is not None and delivery.location is not None else ""
    return {"place": place} | dated(wanted=(period.end or period.start) if period is not None else "")


def _delivery(form: Form, before: Delivery | None) -> Delivery | None:
    say = form.say
    wanted = day_text(form, "wanted", say(N_("Delivery date")), required=False)
    place = form.text("place", say(N_("Place of delivery")), required=False)
    if not wanted and not place:
        return None
    found = before or Delivery()
    location = replace(found.location or Location(), name=place) if place else found.location
    return replace(found, period=Period(end=wanted) if wanted else None, location=location)


def _terms(form: Form, before: PaymentTerms | None) -> PaymentTerms | None:
    due = day_text(form, "due", form.say(N_("Day of payment")), required=False)
    method = form.choice("method", form.say(N_("Way of payment")), (code for code, _ in METHODS), required=False)
    if not due and not method:
        return None
    found = before or PaymentTerms()
    means = (replace(found.means[0], method=method),) if found.means else (PaymentMeans(method=method),)
    return replace(found, due_date=due, means=means if method else ())


def _terms_values(terms: PaymentTerms | None) -> dict[str, Any]:
    if terms is None:
        return {"method": "transfer"}
    method = terms.means[0].method if terms.means else "transfer"
    return {"method": method} | dated(due=terms.due_date)


def _freight_value(terms: DeliveryTerms | None) -> str:
    return next((who for who, code in FREIGHT.items() if terms is not None and terms.code == code), "")


def _freight(form: Form, before: DeliveryTerms | None) -> DeliveryTerms | None:
    """Who bears the freight, over what else the draft says of the way; a rule of Incoterms stays as it is."""
    chosen = form.choice("freight", form.say(FREIGHT_FIELD.label), FREIGHT, required=False)
    if not chosen:
        return None if _freight_value(before) else before
    return replace(before or DeliveryTerms(), code=FREIGHT.get(chosen, ""))


# --- request, quotation, order


def _rfq_values(paper: RequestForQuotation) -> dict[str, Any]:
    days = dated(reply=paper.reply_by)
    return {"note": paper.note, "lines": offer_values(paper)} | days | _delivery_values(paper.delivery)


def _rfq_read(form: Form, draft: RequestForQuotation) -> RequestForQuotation:
    lines = read_lines(form, draft, priced=False)
    return replace(
        draft,
        lines=lines,
        reply_by=day_text(form, "reply", form.say(N_("Answer wanted by")), required=False),
        delivery=_delivery(form, draft.delivery),
        note=_note(form),
    )


def _quote_values(paper: Quotation) -> dict[str, Any]:
    until = "" if paper.validity is None else paper.validity.end
    return {"note": paper.note, "lines": offer_values(paper)} | dated(until=until) | _delivery_values(paper.delivery)


def _quote_read(form: Form, draft: Quotation) -> Quotation:
    lines = read_lines(form, draft, priced=True)
    until = day_text(form, "until", form.say(N_("Good until")), required=False)
    paper = replace(
        draft,
        lines=lines,
        validity=Period(end=until) if until else None,
        delivery=_delivery(form, draft.delivery),
        note=_note(form),
    )
    return footing.offer(paper) if form.ok else draft


def _order_values(paper: Order) -> dict[str, Any]:
    done = "" if paper.inspection is None else paper.inspection.completion_date
    rest = _delivery_values(paper.delivery) | _terms_values(paper.terms) | dated(inspection=done)
    freight = {"freight": _freight_value(paper.delivery_terms)}
    return {"note": paper.note, "lines": offer_values(paper)} | freight | rest


def _order_read(form: Form, draft: Order) -> Order:
    lines = read_lines(form, draft, priced=False)
    done = day_text(form, "inspection", form.say(N_("Inspection finished by")), required=False)
    paper = replace(
        draft,
        lines=lines,
        delivery=_delivery(form, draft.delivery),
        delivery_terms=_freight(form, draft.delivery_terms),
        inspection=replace(draft.inspection or Inspection(), completion_date=done) if done else draft.inspection,
        terms=_terms(form, draft.terms),
        note=_note(form),
    )
    return footing.offer(paper) if form.ok else draft


#: What holds for several orders at once, when they are split between suppliers.
CONDITIONS: Final = (DELIVERY_FIELDS[1], *PAYMENT_FIELDS)


def with_conditions(form: Form, draft: Order) -> Order:
    """An order with the conditions that were typed once for several; its own day of delivery stays."""
    place = form.text("place", form.say(N_("Place of delivery")), required=False)
    done = day_text(form, "inspection", form.say(N_("Inspection finished by")), required=False)
    delivery = draft.delivery
    if place:
        before = delivery or Delivery()
        delivery = replace(before, location=replace(before.location or Location(), name=place))
    return replace(
        draft,
        delivery=delivery,
        inspection=replace(draft.inspection or Inspection(), completion_date=done) if done else draft.inspection,
        terms=_terms(form, draft.terms) or draft.terms,
    )


def _note(form: Form) -> str:
    return form.text("note", form.say(N_("Note to the partner")), required=False, most=2_000)


# --- the seller's answer

ANSWERS: Final = (("accepted", N_("Yes")), ("changed", N_("With changes")), ("refused", N_("No")))
ANSWER_COLUMNS: Final = (
    Column("item", NAME, "show"),
    Column("ordered", N_("Ordered"), "show"),
    Column("status", N_("Answer"), "select", required=True, choices=ANSWERS),
    Column("quantity", N_("Accepted quantity"), "number", size="s"),
    Column("day", N_("Delivery date"), "date"),
    Column("reason", N_("Reason"), size="m"),
)
NOT_MORE: Final = N_("{label}: at most the quantity ordered. For more, accept and agree on a change.")


def _answer_values(paper: OrderResponse) -> dict[str, Any]:
    return {
        "note": paper.note,
        "lines": [
            {"id": line.order_line_id, "status": line.status, "quantity": line.quantity or "", "reason": line.reason}
            for line in paper.lines
        ],
    }


def _answer_read(form: Form, draft: OrderResponse) -> OrderResponse:
    known = {line.order_line_id: line for line in draft.lines}
    lines = []
    for row in form.rows("lines"):
        before = known.get(form.value(f"lines.{row}.id"))
        if before is not None:
            lines.append(_answer_line(form, f"lines.{row}", before))
    return replace(draft, lines=tuple(lines), response=_whole(lines), note=_note(form), reason=_reason(lines))


def _answer_line(form: Form, at: str, before: ResponseLine) -> ResponseLine:
    say = form.say
    status = form.choice(f"{at}.status", say(N_("Answer")), (code for code, _ in ANSWERS))
    quantity = form.scaled(f"{at}.quantity", say(N_("Accepted quantity")), required=status == "changed", places=3)
    day = day_text(form, f"{at}.day", say(N_("Delivery date")), required=False)
    reason = form.text(f"{at}.reason", say(N_("Reason")), required=status == "refused")
    if status == "refused":
        return replace(before, status=status, quantity=None, promises=(), reason=reason)
    wanted = quantity if status == "changed" else before.quantity
    promises: tuple[PromisedDelivery, ...] = ()
    if day:
        promises = (PromisedDelivery(quantity=wanted, delivery=Delivery(period=Period(end=day))),)
    return replace(before, status=status, quantity=wanted, promises=promises, reason=reason)


def _whole(lines: list[ResponseLine]) -> str:
    """The answer to the order as a whole: what all lines say, else with changes."""
    said = {line.status for line in lines}
    return said.pop() if len(said) == 1 and not said & {"changed"} else "changed"


def _reason(lines: list[ResponseLine]) -> str:
    return next((line.reason for line in lines if line.reason), "")


# --- yes or no, change, cancellation


def _decision_values(paper: ChangeResponse) -> dict[str, Any]:
    return {"response": paper.response, "reason": paper.reason}


def _decision_read(form: Form, draft: ChangeResponse) -> ChangeResponse:
    response = form.choice("response", form.say(N_("Your answer")), (code for code, _ in YES_NO))
    reason = form.text("reason", form.say(N_("Reason")), required=response == "refused", most=500)
    return replace(draft, response=response, reason=reason)


CHANGE_COLUMNS: Final = (
    Column("item", NAME, "show"),
    Column("quantity", QUANTITY, "number", required=True, size="s"),
    Column("price", PRICE, "number", size="s"),
    Column("day", N_("Delivery date"), "date"),
)
NOTHING_CHANGED: Final = N_("Nothing is different from the order. Change a quantity, a price or a day.")


def change_values(order: Order) -> dict[str, Any]:
    """The lines of the order that a change is made from."""
    lines = [
        {
            "id": line.line_id,
            "item": line.item.name,
            "quantity": line.quantity,
            "price": "" if line.price is None else line.price.value,
            "day": _delivery_values(line.delivery).get("wanted", ""),
        }
        for line in order.lines
    ]
    return {"reason": "", "lines": lines} | _delivery_values(order.delivery)


def change_read(form: Form, draft: OrderChange, order: Order) -> OrderChange:
    """The change as typed: only lines that differ from the order's are in it."""
    known = {line.line_id: line for line in order.lines}
    changed = []
    for row in form.rows("lines"):
        before = known.get(form.value(f"lines.{row}.id"))
        after = None if before is None else _changed_line(form, f"lines.{row}", before)
        if after is not None and after != before:
            changed.append(ChangeLine(action="changed", line=after))
    delivery = _delivery(form, order.delivery)
    reason = form.text("reason", form.say(N_("Reason")), most=500)
    if form.ok and not changed and delivery == order.delivery:
        form.wrong("lines", NOTHING_CHANGED)
    return replace(
        draft, lines=tuple(changed), reason=reason, delivery=None if delivery == order.delivery else delivery
    )


def _changed_line(form: Form, at: str, before: OrderLine) -> OrderLine | None:
    say = form.say
    quantity = form.scaled(f"{at}.quantity", say(QUANTITY), places=3)
    price = form.scaled(f"{at}.price", say(PRICE), required=False, places=4)
    day = day_text(form, f"{at}.day", say(N_("Delivery date")), required=False)
    if quantity is None or not form.ok:
        return None
    old_day = as_day_text(before.delivery)
    delivery = before.delivery if day == old_day else replace(before.delivery or Delivery(), period=Period(end=day))
    priced = None if price is None else _kept(before, price)
    if (quantity, priced, delivery) == (before.quantity, before.price, before.delivery):
        return before
    return replace(
        before,
        quantity=quantity,
        price=priced,
        amount=None,
        delivery=delivery,
    )


def _kept(before: OrderLine, value: Scaled) -> Price:
    if before.price is not None and before.price.value == value:
        return before.price
    return _price(before.price, value)


def as_day_text(delivery: Delivery | None) -> str:
    """The day of a delivery, or empty."""
    found = _delivery_values(delivery).get("wanted")
    return found.isoformat() if found else ""


def _cancel_values(paper: OrderCancellation) -> dict[str, Any]:
    return {"reason": paper.reason}


def _cancel_read(form: Form, draft: OrderCancellation) -> OrderCancellation:
    return replace(draft, reason=form.text("reason", form.say(N_("Reason")), most=500))


REASON: Final = Field("reason", N_("Reason"), "area", most=500)
DECISION: Final = (
    Field("response", N_("Your answer"), "radio", choices=YES_NO),
    Field("reason", N_("Reason"), "area", required=False, most=500, support=N_("Needed if you do not agree.")),
)
REQUEST: Final = Sheet(
    N_("Ask for a quotation"),
    N_("Send the request"),
    _rfq_values,
    _rfq_read,
    (Field("reply", N_("Answer wanted by"), "date", required=False), *DELIVERY_FIELDS, NOTE),
    OFFER_COLUMNS,
    N_("What you need"),
    more=True,
    files=True,
    typed=True,
)

SHEETS: Final[Mapping[Step, Sheet]] = {
    Step.QUOTE: Sheet(
        N_("Write a quotation"),
        N_("Send the quotation"),
        _quote_values,
        _quote_read,
        (Field("until", N_("Good until"), "date", required=False), *DELIVERY_FIELDS, NOTE),
        OFFER_COLUMNS,
        N_("What you offer"),
        more=True,
        files=True,
        typed=True,
    ),
    Step.ORDER: Sheet(
        N_("Write an order"),
        N_("Send the order"),
        _order_values,
        _order_read,
        (*DELIVERY_FIELDS, FREIGHT_FIELD, *PAYMENT_FIELDS, NOTE),
        OFFER_COLUMNS,
        N_("What you order"),
        more=True,
        files=True,
        typed=True,
    ),
    Step.ANSWER: Sheet(
        N_("Answer the order"),
        N_("Send the answer"),
        _answer_values,
        _answer_read,
        (NOTE,),
        ANSWER_COLUMNS,
        N_("Line by line"),
    ),
    Step.AGREE: Sheet(N_("Answer the changes"), N_("Send the answer"), _decision_values, _decision_read, DECISION),
    Step.DECIDE: Sheet(N_("Answer the request"), N_("Send the answer"), _decision_values, _decision_read, DECISION),
    Step.CHANGE: Sheet(
        N_("Ask for a change"),
        N_("Send the request"),
        lambda paper: {},
        lambda form, draft: draft,
        (*DELIVERY_FIELDS, REASON),
        CHANGE_COLUMNS,
        N_("Lines of the order"),
        files=True,
        typed=True,
    ),
    Step.CANCEL: Sheet(
        N_("Ask to cancel"), N_("Send the request"), _cancel_values, _cancel_read, (REASON,), typed=True
    ),
}
