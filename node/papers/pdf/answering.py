"""Order response, change, cancellation and their answers as sheets."""

from __future__ import annotations

from collections.abc import Iterable

from node.i18n import N_
from node.papers.pdf import conditions
from node.papers.pdf.context import Context
from node.papers.pdf.frame import Frame, allowance_table, foot, sums
from node.papers.pdf.ordering import line_table
from node.papers.pdf.sheet import Column, Facts, Figure, Row, Sheet, Table, Words
from protocol.process.trade.papers import (
    ChangeResponse,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    ResponseLine,
    SelfBilledResponse,
)

RESPONSES = {
    "received": N_("Received; the answer follows"),
    "accepted": N_("Accepted as ordered"),
    "changed": N_("Accepted with changes"),
    "refused": N_("Declined"),
    "confirmed": N_("Confirmed"),
}
STATUSES = {
    "accepted": N_("accepted"),
    "changed": N_("changed"),
    "refused": N_("declined"),
    "added": N_("added"),
    "delivered": N_("delivered already"),
    "removed": N_("taken out"),
}


def order_response(paper: OrderResponse, context: Context) -> Sheet:
    """注文回答書."""
    frame = Frame(paper, context, N_("Order Response"), to=paper.buyer, by=paper.seller)
    frame.lead = frame.say("We answer your order as follows.")
    frame.number(N_("Order number"), paper.order)
    frame.number(N_("Seller's order number"), paper.sales_order_id)
    frame.number(N_("Reference"), paper.customer_reference)
    frame.add(
        _answer(frame, paper.response),
        frame.facts(
            N_("Terms"),
            (N_("Reason"), paper.reason),
            (N_("Delivery day"), conditions.days(frame, paper.delivery)),
            (N_("Place of delivery"), conditions.place(frame, paper.delivery)),
        ),
        _response_lines(frame, paper),
    )
    if paper.response == "changed":
        frame.add(Words(frame.say("This answer binds both sides when the buyer has accepted it.")))
    return frame.sheet()


def order_change(paper: OrderChange, context: Context) -> Sheet:
    """変更の申し入れ."""
    frame = Frame(paper, context, N_("Request to Change an Order"), to=None, by=None)
    frame.lead = frame.say("We ask to change the order as follows. Nothing changes until the other side accepts.")
    frame.number(N_("Order number"), paper.order)
    frame.add(
        Facts(((frame.say("Reason"), paper.reason),)) if paper.reason else None,
        _changes(frame, paper),
        frame.facts(
            N_("New terms"),
            (N_("Delivery day"), conditions.days(frame, paper.delivery)),
            (N_("Place of delivery"), conditions.place(frame, paper.delivery)),
            (N_("Terms of delivery"), conditions.delivery_terms(frame, paper.delivery_terms)),
            (N_("Inspection ends on"), conditions.inspection(frame, paper.inspection)),
            (N_("Day of payment"), frame.words.day(paper.terms.due_date) if paper.terms else ""),
            *conditions.payment(frame, paper.terms),
        ),
        conditions.supplied(frame, paper.supplied),
        conditions.undecided(frame, paper.decided, N_("Items now decided")),
        allowance_table(frame, paper.allowances),
        foot(
            frame,
            paper.taxes,
            sums(frame, paper.totals),
            [one.line.tax for one in paper.lines],
            included=paper.tax_included,
        ),
    )
    return frame.sheet()


def order_cancellation(paper: OrderCancellation, context: Context) -> Sheet:
    """取り消しの申し入れ."""
    frame = Frame(paper, context, N_("Request to Cancel an Order"), to=None, by=None)
    frame.lead = frame.say("We ask to cancel the following. It is cancelled when the other side accepts.")
    frame.number(N_("Order number"), paper.order)
    lines = _ordered(context)
    known = tuple(lines[one] for one in paper.lines if one in lines) if paper.lines else tuple(lines.values())
    unknown = frame.words.join(one for one in paper.lines if one not in lines)
    frame.add(
        frame.facts(
            "",
            (N_("Reason"), paper.reason),
            (
                N_("What is cancelled"),
                frame.say("the lines named below") if paper.lines else frame.say("the whole order"),
            ),
            (N_("Lines"), unknown),
        ),
        line_table(frame, known) if known else None,
    )
    return frame.sheet()


def change_response(paper: ChangeResponse, context: Context) -> Sheet:
    """変更への回答."""
    frame = Frame(paper, context, N_("Answer to a Request"), to=None, by=None)
    frame.lead = frame.say("We answer your request as follows.")
    frame.number(N_("Answers number"), paper.answers)
    frame.number(N_("Order number"), paper.order)
    words = {"accepted": N_("Accepted"), "refused": N_("Declined")}
    frame.add(
        Figure(frame.say("Answer"), frame.say(words.get(paper.response, paper.response))),
        frame.facts("", (N_("Reason"), paper.reason)),
    )
    return frame.sheet()


def self_billed_response(paper: SelfBilledResponse, context: Context) -> Sheet:
    """仕入明細書への回答."""
    frame = Frame(paper, context, N_("Answer to a Self-billed Statement"), to=None, by=None)
    frame.lead = frame.say("We answer your statement as follows.")
    frame.number(N_("Statement number"), paper.statement)
    frame.add(_answer(frame, paper.response), frame.facts("", (N_("Reason"), paper.reason)))
    return frame.sheet()


def _answer(frame: Frame, response: str) -> Figure:
    word = RESPONSES.get(response)
    return Figure(frame.say("Answer"), frame.say(word) if word else response)


def _ordered(context: Context) -> dict[str, OrderLine]:
    order: Order | None = context.order
    return {} if order is None else {line.line_id: line for line in order.lines}


def _response_lines(frame: Frame, paper: OrderResponse) -> Table:
    say, words = frame.say, frame.words
    columns = (
        Column(say("No."), 6, "centre"),
        Column(say("Item"), 36),
        Column(say("Answer"), 13),
        Column(say("Ordered"), 13, "right"),
        Column(say("Answered"), 13, "right"),
        Column(say("Unit price"), 13, "right"),
        Column(say("Delivery"), 22),
    )
    ordered = _ordered(frame.context)
    rows = []
    for line in paper.lines:
        before = ordered.get(line.order_line_id)
        item = line.substitute or line.item or (before.item if before is not None else None)
        status = STATUSES.get(line.status)
        unit = line.unit or (before.unit if before is not None else "")
        rows.append(
            Row(
                (
                    line.order_line_id or line.line_id,
                    words.item(item, *_answer_details(frame, line)) or line.order_line_id,
                    say(status) if status else line.status,
                    words.quantity(before.quantity, before.unit) if before is not None else "",
                    "0" if line.status == "refused" else words.quantity(line.quantity, unit),
                    words.price(line.price, unit),
                    "\n".join(_promises(frame, line, unit)),
                ),
                line.note,
            )
        )
    return Table(columns, tuple(rows), say("Answer line by line"))


def _answer_details(frame: Frame, line: ResponseLine) -> Iterable[str]:
    say, words = frame.say, frame.words
    if line.substitute is not None:
        yield say("In place of what was ordered")
    if line.reason:
        yield say("Reason: {text}").format(text=line.reason)
    if line.max_backorder is not None:
        yield say("May follow later: {quantity}").format(quantity=words.quantity(line.max_backorder, line.unit))


def _promises(frame: Frame, line: ResponseLine, unit: str) -> Iterable[str]:
    for one in line.promises:
        days = frame.words.period(one.delivery.period, short=True) if one.delivery is not None else ""
        yield " ".join(filter(None, (days, frame.words.quantity(one.quantity, unit))))


def _changes(frame: Frame, paper: OrderChange) -> Table:
    say, words = frame.say, frame.words
    columns = (
        Column(say("No."), 6, "centre"),
        Column(say("What changes"), 11),
        Column(say("Item"), 34),
        Column(say("Before"), 18, "right"),
        Column(say("After"), 18, "right"),
        Column(say("Amount"), 13, "right"),
    )
    ordered = _ordered(frame.context)
    rows = []
    for change in paper.lines:
        line, before = change.line, ordered.get(change.line.line_id)
        status = STATUSES.get(change.action)
        after = "" if change.action == "removed" else _agreed(frame, line)
        rows.append(
            Row(
                (
                    line.line_id,
                    say(status) if status else change.action,
                    words.item(line.item),
                    _agreed(frame, before) if before is not None and change.action != "added" else "",
                    after,
                    "" if change.action == "removed" else words.amount(line.amount),
                ),
                line.note,
            )
        )
    return Table(columns, tuple(rows), say("Changes line by line"))


def _agreed(frame: Frame, line: OrderLine) -> str:
    """Quantity, unit price and day of a line, one below the other."""
    words = frame.words
    price = words.price(line.price, line.unit).replace("\n", " ")
    day = words.period(line.delivery.period, short=True) if line.delivery is not None else ""
    return "\n".join(filter(None, (words.quantity(line.quantity, line.unit), f"@{price}" if price else "", day)))
