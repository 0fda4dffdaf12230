"""Request for quotation, quotation, order as sheets. The order states every item of 取適法 4条."""

from __future__ import annotations

from collections.abc import Iterable

from node.i18n import N_
from node.papers.pdf import conditions
from node.papers.pdf.context import Context
from node.papers.pdf.frame import Frame, allowance_table, foot, sums
from node.papers.pdf.sheet import Block, Column, Facts, Figure, Row, Sheet, Table
from node.papers.pdf.wording import identifier
from protocol.process.trade.papers import Order, OrderLine, Quotation, RequestForQuotation

STATUSES = {"5": N_("Advance notice: not yet a firm order"), "29": N_("Provisional order")}


def request_for_quotation(paper: RequestForQuotation, context: Context) -> Sheet:
    """見積依頼書."""
    frame = Frame(paper, context, N_("Request for Quotation"), to=paper.seller, by=paper.buyer)
    frame.lead = frame.say("Please quote for the following.")
    frame.number(N_("Reply wanted by"), frame.words.day(paper.reply_by))
    frame.add(_conditions(frame, paper), line_table(frame, paper.lines))
    return frame.sheet()


def quotation(paper: Quotation, context: Context) -> Sheet:
    """見積書."""
    frame = Frame(paper, context, N_("Quotation"), to=paper.buyer, by=paper.seller)
    frame.lead = frame.say("We quote as follows.")
    frame.number(N_("Valid"), frame.words.period(paper.validity))
    frame.add(_figure(frame, paper, N_("Sum quoted")), _conditions(frame, paper), line_table(frame, paper.lines))
    frame.add(*_money(frame, paper))
    return frame.sheet()


def order(paper: Order, context: Context) -> Sheet:
    """注文書."""
    frame = Frame(paper, context, N_("Purchase Order"), to=paper.seller, by=paper.buyer)
    frame.lead = frame.say("We order the following.")
    frame.subtitle = frame.say(STATUSES[paper.status]) if paper.status in STATUSES else ""
    frame.number(N_("Seller's order number"), paper.sales_order_id)
    frame.number(N_("Reference"), paper.customer_reference)
    frame.number(N_("Valid"), frame.words.period(paper.validity))
    frame.add(_figure(frame, paper, N_("Sum of the order")), _statement(frame, paper), line_table(frame, paper.lines))
    frame.add(
        *_money(frame, paper),
        conditions.supplied(frame, paper.supplied),
        conditions.undecided(frame, paper.undecided, N_("Undecided items")),
    )
    return frame.sheet()


def _figure(frame: Frame, paper: Quotation | Order, label: str) -> Block | None:
    totals, words = paper.totals, frame.words
    if totals is None:
        return None
    whole = totals.payable if totals.payable is not None else totals.gross
    if whole is not None:
        tax = totals.tax if totals.tax is not None else sum(one.tax for one in paper.taxes)
        note = frame.say("with tax, of which tax {tax}").format(tax=words.money(tax))
    else:
        whole, note = totals.net, frame.say("without tax")
    return None if whole is None else Figure(frame.say(label), words.money(whole), note)


def _money(frame: Frame, paper: Quotation | Order) -> Iterable[Block | None]:
    yield allowance_table(frame, paper.allowances)
    taxes = [line.tax for line in paper.lines]
    yield foot(frame, paper.taxes, sums(frame, paper.totals), taxes, included=paper.tax_included)


def _conditions(frame: Frame, paper: RequestForQuotation | Quotation) -> Facts:
    return frame.facts(
        N_("Terms"),
        (N_("Delivery day"), conditions.days(frame, paper.delivery, paper.lines)),
        (N_("Place of delivery"), conditions.place(frame, paper.delivery, paper.lines)),
        (N_("Terms of delivery"), conditions.delivery_terms(frame, paper.delivery_terms)),
        (N_("Day of payment"), frame.words.day(paper.terms.due_date) if paper.terms else ""),
        *conditions.payment(frame, paper.terms),
    )


def _statement(frame: Frame, paper: Order) -> Facts:
    """The items that the law asks for, each with what the paper says of it; the parties, the day and the lines stand
    elsewhere on the sheet."""
    due = frame.words.day(paper.terms.due_date) if paper.terms else ""
    wanted = (
        (N_("Delivery day"), conditions.days(frame, paper.delivery, paper.lines), "delivery.period"),
        (N_("Place of delivery"), conditions.place(frame, paper.delivery, paper.lines), "delivery.location"),
        (N_("Inspection ends on"), conditions.inspection(frame, paper.inspection), "inspection.completion_date"),
        (N_("Day of payment"), due, "terms.due_date"),
    )
    return frame.facts(
        N_("Terms"),
        *((label, conditions.stated(frame, value, path, paper.undecided)) for label, value, path in wanted),
        *conditions.payment(frame, paper.terms),
        (N_("Terms of delivery"), conditions.delivery_terms(frame, paper.delivery_terms)),
        (N_("Buyer's cost centre"), paper.accounting_cost),
    )


def line_table(frame: Frame, lines: tuple[OrderLine, ...], heading: str = N_("Lines")) -> Table:
    """What is asked for, offered or ordered. Columns of money only where a line states any."""
    say, words = frame.say, frame.words
    priced = any(line.price is not None or line.amount is not None or line.formula for line in lines)
    taxed = any(line.tax is not None for line in lines)
    columns = [Column(say("No."), 6, "centre"), Column(say("Item"), 42), Column(say("Quantity"), 14, "right")]
    if priced:
        columns += [Column(say("Unit price"), 14, "right"), Column(say("Amount"), 15, "right")]
    if taxed:
        columns.append(Column(say("Tax"), 9, "right"))
    rows = []
    for line in lines:
        cells = [line.line_id, words.item(line.item, *_details(frame, line)), words.quantity(line.quantity, line.unit)]
        if priced:
            cells += [words.price(line.price, line.unit), words.amount(line.amount)]
        if taxed:
            cells.append(words.tax(line.tax))
        rows.append(Row(tuple(cells), line.note))
    return Table(tuple(columns), tuple(rows), say(heading))


def _details(frame: Frame, line: OrderLine) -> Iterable[str]:
    """What a line says beyond item, quantity and money."""
    say, words = frame.say, frame.words
    if line.delivery is not None:
        if line.delivery.period is not None:
            yield say("Delivery: {days}").format(days=words.period(line.delivery.period, short=True))
        where = words.place(line.delivery).replace("\n", " ")
        if where:
            yield say("To: {place}").format(place=where)
    if line.formula:
        yield say("How the price is found: {formula}").format(formula=line.formula)
    for one in line.allowances:
        amount = words.money(one.amount if one.charge else -one.amount)
        reason = one.reason or (say("Charge") if one.charge else say("Allowance"))
        yield f"{reason} {amount}"
    if line.partial_delivery is False:
        yield say("No part deliveries")
    if line.originator is not None:
        yield say("For: {name}").format(name=line.originator.name or identifier(line.originator.endpoint))
