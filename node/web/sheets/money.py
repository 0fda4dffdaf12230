"""Sheets of the money: invoice, credit note, self-billed statement and its confirmation, payment notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from node.i18n import N_
from node.services.drafting import Step
from node.web.forms import Form
from node.web.sheets.contract import NAME, NOTE, PRICE, QUANTITY, TAX, TAXES, tax_code, tax_of
from node.web.sheets.sheet import Column, Field, Sheet, as_day, dated, day_text
from protocol.process.money import minor_digits
from protocol.process.trade import footing
from protocol.process.trade.papers import (
    Billing,
    CorrectiveInvoice,
    InvoiceLine,
    PaymentNotice,
    PaymentTerms,
    Price,
    SelfBilledResponse,
)

DELIVERED, DUE, PAYDAY = N_("Day of delivery"), N_("Day of payment"), N_("Day of payment")
ROUNDINGS: Final = (("down", N_("round down")), ("half_up", N_("round half up")), ("up", N_("round up")))
CONFIRMATIONS: Final = (("confirmed", N_("It is right")), ("refused", N_("It is not right")))
NOTHING: Final = N_("Enter a quantity in at least one line.")
NO_AMOUNT: Final = N_("Enter an amount in at least one row.")
BILL_COLUMNS: Final = (
    Column("item", NAME, "show"),
    Column("quantity", QUANTITY, "number", required=True, size="s"),
    Column("price", PRICE, "number", size="s"),
    Column("tax", TAX, "select", choices=TAXES),
)
CREDIT_COLUMNS: Final = (
    Column("item", NAME, "show"),
    Column("quantity", QUANTITY, "number", required=True, size="s"),
)
PAY_COLUMNS: Final = (
    Column("number", N_("Invoice"), "show"),
    Column("billed", N_("Billed"), "show"),
    Column("amount", N_("Paid"), "number", required=True, size="m"),
)


def _bill_values(paper: Billing) -> dict[str, Any]:
    due = "" if paper.terms is None else paper.terms.due_date
    return {
        "note": paper.note,
        "rounding": paper.rounding,
        "lines": [
            {
                "id": line.line_id,
                "item": line.item.name,
                "quantity": line.quantity,
                "price": "" if line.price is None else line.price.value,
                "tax": tax_code(line.tax),
            }
            for line in paper.lines
        ],
    } | dated(delivered=paper.transaction_date, due=due)


def _bill_read(form: Form, draft: Billing) -> Billing:
    say, lines = form.say, _bill_lines(form, draft)
    due = day_text(form, "due", say(DUE), required=False)
    paper = replace(
        draft,
        lines=lines,
        transaction_date=day_text(form, "delivered", say(DELIVERED)),
        rounding=form.choice("rounding", say(N_("Tax rounding")), (code for code, _ in ROUNDINGS)),
        terms=replace(draft.terms or PaymentTerms(), due_date=due) if due else draft.terms,
        note=form.text("note", say(N_("Note to the partner")), required=False, most=2_000),
    )
    return footing.bill(paper) if form.ok else draft


def _bill_lines(form: Form, draft: Billing) -> tuple[InvoiceLine, ...]:
    say, known = form.say, {line.line_id: line for line in draft.lines}
    found = []
    for row in form.rows("lines"):
        before = known.get(form.value(f"lines.{row}.id"))
        if before is None:
            continue
        quantity = form.scaled(f"lines.{row}.quantity", say(QUANTITY), places=3)
        price = form.scaled(f"lines.{row}.price", say(PRICE), required=before.price is not None, places=4)
        tax = form.choice(f"lines.{row}.tax", say(TAX), (code for code, _ in TAXES))
        if quantity is None or not quantity.value or not form.ok:
            continue
        same = before.price is not None and price == before.price.value
        priced = before.price if same or price is None else Price(value=price)
        found.append(replace(before, quantity=quantity, price=priced, tax=tax_of(tax)))
    if not found and form.ok:
        form.wrong("lines", NOTHING)
    return tuple(found)


def _credit_values(paper: CorrectiveInvoice) -> dict[str, Any]:
    lines = [{"id": line.line_id, "item": line.item.name, "quantity": line.quantity} for line in paper.lines]
    return {"reason": paper.reason, "lines": lines} | dated(delivered=paper.transaction_date)


def _credit_read(form: Form, draft: CorrectiveInvoice) -> CorrectiveInvoice:
    say, known = form.say, {line.line_id: line for line in draft.lines}
    found = []
    for row in form.rows("lines"):
        before = known.get(form.value(f"lines.{row}.id"))
        quantity = form.scaled(f"lines.{row}.quantity", say(QUANTITY), places=3)
        if before is not None and quantity is not None and quantity.value:
            found.append(replace(before, quantity=quantity))
    if not found and form.ok:
        form.wrong("lines", NOTHING)
    paper = replace(
        draft,
        lines=tuple(found),
        transaction_date=day_text(form, "delivered", say(N_("Returned on"))),
        reason=form.text("reason", say(N_("Reason")), most=500),
    )
    return footing.bill(paper) if form.ok else draft


def _confirm_values(paper: SelfBilledResponse) -> dict[str, Any]:
    return {"response": paper.response, "reason": paper.reason}


def _confirm_read(form: Form, draft: SelfBilledResponse) -> SelfBilledResponse:
    response = form.choice("response", form.say(N_("Your answer")), (code for code, _ in CONFIRMATIONS))
    reason = form.text("reason", form.say(N_("Reason")), required=response == "refused", most=500)
    return replace(draft, response=response, reason=reason)


def _pay_values(paper: PaymentNotice) -> dict[str, Any]:
    lines = [
        {"id": item.number, "number": item.number, "billed": item.billed or "", "amount": item.amount}
        for item in paper.items
    ]
    return {"note": paper.note, "payday": as_day(paper.payment_date), "lines": lines}


def _pay_read(form: Form, draft: PaymentNotice) -> PaymentNotice:
    say, known = form.say, {item.number: item for item in draft.items}
    items = []
    for row in form.rows("lines"):
        before = known.get(form.value(f"lines.{row}.id"))
        amount = form.money(f"lines.{row}.amount", say(N_("Paid")), digits=minor_digits(draft.currency))
        if before is not None and amount:
            items.append(replace(before, amount=amount))
    if not items and form.ok:
        form.wrong("lines", NO_AMOUNT)
    return replace(
        draft,
        items=tuple(items),
        total=sum(item.amount for item in items),
        payment_date=day_text(form, "payday", say(PAYDAY)),
        note=form.text("note", say(N_("Note to the partner")), required=False, most=2_000),
    )


_BILL_FIELDS: Final = (
    Field("delivered", DELIVERED, "date"),
    Field("due", DUE, "date", required=False),
    Field("rounding", N_("Tax rounding"), "select", choices=ROUNDINGS),
    NOTE,
)
SHEETS: Final[Mapping[Step, Sheet]] = {
    Step.BILL: Sheet(
        N_("Write the invoice"),
        N_("Send the invoice"),
        _bill_values,
        _bill_read,
        _BILL_FIELDS,
        BILL_COLUMNS,
        N_("What is billed"),
    ),
    Step.STATE: Sheet(
        N_("Write a self-billed statement"),
        N_("Send the statement"),
        _bill_values,
        _bill_read,
        _BILL_FIELDS,
        BILL_COLUMNS,
        N_("What was bought"),
    ),
    Step.CREDIT: Sheet(
        N_("Write a credit note"),
        N_("Send the credit note"),
        _credit_values,
        _credit_read,
        (Field("delivered", N_("Returned on"), "date"), Field("reason", N_("Reason"), "area", most=500)),
        CREDIT_COLUMNS,
        N_("What is taken off"),
    ),
    Step.CONFIRM: Sheet(
        N_("Answer the statement"),
        N_("Send the answer"),
        _confirm_values,
        _confirm_read,
        (
            Field("response", N_("Your answer"), "radio", choices=CONFIRMATIONS),
            Field("reason", N_("Reason"), "area", required=False, most=500, support=N_("Needed if it is not right.")),
        ),
    ),
    Step.PAY: Sheet(
        N_("Announce a payment"),
        N_("Send the payment notice"),
        _pay_values,
        _pay_read,
        (Field("payday", PAYDAY, "date"), NOTE),
        PAY_COLUMNS,
        N_("What is paid"),
    ),
}
