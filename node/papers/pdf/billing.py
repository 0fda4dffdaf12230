"""Invoice, corrective invoice, self-billed statement, payment notice as sheets.

An invoice states what a qualified invoice has to (消費税法57条の4): issuer and registration number, days, goods with
the reduced rate marked, total and tax for each rate, recipient.
"""

from __future__ import annotations

from collections.abc import Iterable

from node.i18n import N_
from node.papers.pdf import conditions
from node.papers.pdf.context import Context
from node.papers.pdf.frame import Frame, allowance_table, foot, sums
from node.papers.pdf.sheet import Column, Figure, Row, Sheet, Table, Words
from node.words import PAPERS
from protocol.process.trade.papers import (
    Billing,
    CorrectiveInvoice,
    Invoice,
    InvoiceLine,
    PaymentNotice,
    SelfBilledStatement,
)

ROUNDINGS = {"down": N_("rounded down"), "half_up": N_("rounded half up"), "up": N_("rounded up")}


def invoice(paper: Invoice, context: Context) -> Sheet:
    """請求書; 適格請求書, when the seller's registration number stands in it."""
    frame = Frame(paper, context, N_("Invoice"), to=paper.buyer, by=paper.seller)
    if paper.seller.registration_number:
        frame.subtitle = frame.say("Qualified invoice")
    frame.lead = frame.say("We bill the following.")
    frame.add(Figure(frame.say("Sum billed"), frame.words.money(paper.totals.payable)))
    _bill(frame, paper)
    return frame.sheet()


def corrective_invoice(paper: CorrectiveInvoice, context: Context) -> Sheet:
    """訂正請求書 (in place of an invoice) or 返還請求書 (taken off it)."""
    credit = paper.effect == "credited"
    frame = Frame(
        paper, context, N_("Credit Note") if credit else N_("Corrective Invoice"), to=paper.buyer, by=paper.seller
    )
    if paper.seller.registration_number:
        frame.subtitle = frame.say("Qualified credit note") if credit else frame.say("Corrected qualified invoice")
    frame.lead = (
        frame.say("We take the following off the invoice named below.")
        if credit
        else frame.say("This invoice takes the place of the one named below, which is void.")
    )
    frame.number(N_("Number of that invoice"), paper.corrects)
    frame.number(N_("Date of that invoice"), frame.words.day(paper.corrects_date))
    label = frame.say("Sum credited") if credit else frame.say("Sum billed")
    frame.add(
        Figure(label, frame.words.money(paper.totals.payable)),
        frame.facts("", (N_("Reason for the correction"), paper.reason)),
    )
    _bill(frame, paper, strong=label if credit else "")
    return frame.sheet()


def self_billed_statement(paper: SelfBilledStatement, context: Context) -> Sheet:
    """仕入明細書: made by the buyer, so the seller's registration number stands with the seller."""
    frame = Frame(paper, context, N_("Self-billed Statement"), to=paper.seller, by=paper.buyer)
    frame.lead = frame.say("We state what we bought from you. Please confirm it.")
    seller = frame.words.join(frame.words.identifiers(paper.seller))
    frame.add(
        Figure(frame.say("Sum stated"), frame.words.money(paper.totals.payable)),
        frame.facts("", (N_("Seller"), f"{paper.seller.name}\n{seller}".strip())),
    )
    _bill(frame, paper)
    frame.add(Words(frame.say("It serves as a qualified invoice when the seller has confirmed it.")))
    return frame.sheet()


def payment_notice(paper: PaymentNotice, context: Context) -> Sheet:
    """支払通知書."""
    frame = Frame(paper, context, N_("Payment Notice"), to=paper.seller, by=paper.buyer)
    frame.lead = frame.say("We will pay as follows.")
    words, say = frame.words, frame.say
    frame.add(
        Figure(say("Sum paid"), words.money(paper.total)),
        frame.facts(
            N_("Payment"),
            (N_("Day of payment"), words.day(paper.payment_date)),
            *((N_("Means of payment"), conditions.means(frame, one)) for one in paper.means),
            (N_("Paid from"), words.account(paper.payer_account)),
            (N_("Paid to"), words.account(paper.payee_account)),
        ),
        _paid(frame, paper),
        _offsets(frame, paper),
    )
    return frame.sheet()


def _bill(frame: Frame, paper: Billing, strong: str = "") -> None:
    words, terms = frame.words, paper.terms
    frame.number(N_("Order number"), paper.order)
    frame.number(N_("Reference"), paper.customer_reference)
    rounding = ROUNDINGS.get(paper.rounding)
    method = frame.say("once for each rate, {direction}").format(direction=frame.say(rounding)) if rounding else ""
    frame.add(
        frame.facts(
            N_("Terms"),
            (N_("Day of the transaction"), words.day(paper.transaction_date)),
            (N_("Period"), words.period(paper.period)),
            (N_("Day of payment"), words.day(terms.due_date) if terms is not None else ""),
            *conditions.payment(frame, terms),
            (N_("Place of delivery"), words.place(paper.delivery)),
            (N_("Buyer's cost centre"), paper.accounting_cost),
        ),
        _lines(frame, paper),
        allowance_table(frame, paper.allowances),
        foot(
            frame,
            paper.taxes,
            sums(frame, paper.totals, strong=strong),
            [line.tax for line in paper.lines],
            included=paper.tax_included,
            note=frame.say("Fractions of the tax: {method}.").format(method=method) if method else "",
        ),
    )


def _lines(frame: Frame, paper: Billing) -> Table:
    say, words = frame.say, frame.words
    amount = say("Amount (with tax)") if paper.tax_included else say("Amount (without tax)")
    columns = (
        Column(say("No."), 6, "centre"),
        Column(say("Transaction day"), 12),
        Column(say("Item"), 35),
        Column(say("Quantity"), 13, "right"),
        Column(say("Unit price"), 12, "right"),
        Column(amount, 14, "right"),
        Column(say("Tax"), 8, "right"),
    )
    rows = []
    for line in paper.lines:
        sign = "-" if line.negative else ""
        day = words.short_day(line.transaction_date) or words.period(line.period, short=True)
        cells = (
            line.line_id,
            day,
            words.item(line.item, *_origin(frame, line)),
            sign + words.quantity(line.quantity, line.unit),
            words.price(line.price, line.unit),
            sign + words.amount(line.amount),
            words.tax(line.tax),
        )
        rows.append(Row(cells, line.note))
    return Table(columns, tuple(rows), say("Lines"))


def _origin(frame: Frame, line: InvoiceLine) -> Iterable[str]:
    say, words = frame.say, frame.words
    parts = []
    if line.order:
        parts.append(say("order {number}").format(number=line.order))
    if line.despatch:
        parts.append(say("despatch advice {number}").format(number=line.despatch))
    if parts:
        yield "  ".join(parts)
    for one in line.allowances:
        off = words.money(one.amount if one.charge else -one.amount)
        reason = one.reason or (say("Charge") if one.charge else say("Allowance"))
        yield f"{reason} {off}"


def _paid(frame: Frame, paper: PaymentNotice) -> Table:
    say, words = frame.say, frame.words
    columns = (
        Column(say("Document"), 24),
        Column(say("Number"), 28),
        Column(say("Date"), 16),
        Column(say("Billed"), 16, "right"),
        Column(say("Paid"), 16, "right"),
    )
    rows = tuple(
        Row(
            (
                say(PAPERS[one.kind]) if one.kind in PAPERS else one.kind,
                one.number,
                words.short_day(one.date),
                words.amount(one.billed),
                words.amount(one.amount),
            )
        )
        for one in paper.items
    )
    return Table(columns, rows, say("What is paid"))


def _offsets(frame: Frame, paper: PaymentNotice) -> Table:
    say, words = frame.say, frame.words
    columns = (Column(say("Set off"), 52), Column(say("Number"), 28), Column(say("Amount"), 20, "right"))
    rows = tuple(Row((one.reason, one.number, words.amount(-one.amount))) for one in paper.offsets)
    return Table(columns, rows, say("Set off against the payment"))
