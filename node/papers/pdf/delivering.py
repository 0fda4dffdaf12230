"""Despatch advice, delivery note and receiving advice as sheets."""

from __future__ import annotations

from collections.abc import Iterable

from node.i18n import N_
from node.papers.pdf.context import Context
from node.papers.pdf.frame import Frame
from node.papers.pdf.sheet import Block, Column, Figure, Row, Sheet, Table, Words
from protocol.process.trade.papers import (
    DespatchAdvice,
    DespatchLine,
    Item,
    OrderLine,
    Package,
    ReceivingAdvice,
    ReceivingLine,
    Scaled,
)

RESULTS = {
    "accepted": N_("Everything passed"),
    "partial": N_("Passed in part"),
    "refused": N_("Nothing passed"),
}
DISPOSITIONS = {
    "returned": N_("to be returned"),
    "rework": N_("to be reworked"),
    "kept": N_("kept all the same"),
    "scrapped": N_("to be scrapped"),
}


def despatch_advice(paper: DespatchAdvice, context: Context) -> Sheet:
    """出荷案内書, or the 納品書 of the same goods."""
    note = context.form == "delivery_note"
    title = N_("Delivery Note") if note else N_("Despatch Advice")
    frame = Frame(paper, context, title, to=paper.buyer, by=paper.seller)
    frame.lead = frame.say("We deliver the following.") if note else frame.say("We have shipped the following.")
    frame.subtitle = frame.say("Replacement for goods that failed inspection") if paper.replacement else ""
    frame.number(N_("Order number"), paper.order)
    shipment, words = paper.shipment, frame.words
    travels: tuple[tuple[str, str], ...] = ()
    if shipment is not None:
        travels = (
            (N_("Shipped on"), words.day_and_time(shipment.despatch_date, shipment.despatch_time)),
            (N_("Arrives on"), words.day_and_time(shipment.arrival_date, shipment.arrival_time)),
            (N_("Carrier"), " ".join(filter(None, (shipment.carrier, shipment.vehicle)))),
            (N_("Tracking number"), shipment.tracking),
            (N_("Temperature"), shipment.temperature),
        )
    frame.add(
        frame.facts(
            N_("Delivery"),
            *travels,
            (N_("Delivery day"), words.period(paper.delivery.period) if paper.delivery else ""),
            (N_("Place of delivery"), words.place(paper.delivery)),
        ),
        _despatched(frame, paper, priced=note),
        _packages(frame, shipment.packages if shipment is not None else ()),
    )
    if note:
        frame.add(_signature(frame))
    return frame.sheet()


def receiving_advice(paper: ReceivingAdvice, context: Context) -> Sheet:
    """検収書."""
    frame = Frame(paper, context, N_("Receiving Advice"), to=paper.seller, by=paper.buyer)
    frame.lead = frame.say("We have inspected what you delivered.")
    frame.number(N_("Order number"), paper.order)
    frame.number(N_("Despatch advice"), paper.despatch)
    result = RESULTS.get(paper.result)
    received = frame.words.day_and_time(paper.received_date, paper.received_time)
    frame.add(
        Figure(frame.say("Result of the inspection"), frame.say(result) if result else paper.result),
        frame.facts("", (N_("Received on"), received), (N_("Inspected on"), frame.words.day(paper.inspection_date))),
        _received(frame, paper),
    )
    return frame.sheet()


def _ordered(context: Context) -> dict[str, OrderLine]:
    return {} if context.order is None else {line.line_id: line for line in context.order.lines}


def _name(frame: Frame, item: Item | None, ordered: OrderLine | None, line_id: str, *more: str) -> str:
    """The goods: as the line names them, else as they were ordered, else the number of the order's line."""
    found = item or (ordered.item if ordered is not None else None)
    if found is not None:
        return frame.words.item(found, *more)
    return "\n".join((frame.say("line {line} of the order").format(line=line_id), *filter(None, more)))


def _despatched(frame: Frame, paper: DespatchAdvice, *, priced: bool) -> Table:
    say, words = frame.say, frame.words
    ordered = _ordered(frame.context)
    priced = priced and any(line.price is not None for line in ordered.values())
    columns = [
        Column(say("No."), 6, "centre"),
        Column(say("Item"), 46),
        Column(say("Ordered"), 15, "right"),
        Column(say("Delivered") if frame.context.form else say("Shipped"), 15, "right"),
        Column(say("Still to come"), 15, "right"),
    ]
    if priced:
        columns.append(Column(say("Unit price"), 15, "right"))
    rows = []
    for line in paper.lines:
        before = ordered.get(line.order_line_id)
        cells = [
            line.line_id,
            _name(frame, line.item, before, line.order_line_id, *_reasons(frame, line)),
            words.quantity(before.quantity, before.unit) if before is not None else "",
            words.quantity(line.quantity, line.unit),
            words.quantity(line.outstanding, line.unit),
        ]
        if priced:
            cells.append(words.price(before.price, before.unit) if before is not None else "")
        rows.append(Row(tuple(cells), line.note))
    return Table(tuple(columns), tuple(rows), say("Lines"))


def _reasons(frame: Frame, line: DespatchLine) -> Iterable[str]:
    if line.reason:
        yield frame.say("Reason: {text}").format(text=line.reason)


def _packages(frame: Frame, packages: tuple[Package, ...]) -> Table:
    say, words = frame.say, frame.words
    columns = (
        Column(say("Package"), 26),
        Column("SSCC", 26),
        Column(say("Kind"), 14),
        Column(say("Count"), 10, "right"),
        Column(say("Weight"), 14, "right"),
        Column(say("Lines"), 10),
    )
    rows = tuple(
        Row(
            (
                one.id,
                one.sscc,
                one.kind,
                "" if one.count is None else str(one.count),
                words.quantity(one.weight, one.weight_unit),
                words.join(one.lines),
            )
        )
        for one in packages
    )
    return Table(columns, rows, say("Packages"))


def _signature(frame: Frame) -> Block:
    """The place where the one who takes the goods signs."""
    say = frame.say
    blanks = f"{'_' * 20}    ", "_" * 32
    text = say("Date {blank} Signature {line}").format(blank=blanks[0], line=blanks[1])
    return Words(text, say("Received the goods"))


def _received(frame: Frame, paper: ReceivingAdvice) -> Table:
    say, words = frame.say, frame.words
    columns = (
        Column(say("No."), 6, "centre"),
        Column(say("Item"), 40),
        Column(say("Received"), 13, "right"),
        Column(say("Passed"), 13, "right"),
        Column(say("Failed"), 13, "right"),
        Column(say("Short"), 12, "right"),
    )
    ordered = _ordered(frame.context)
    rows = []
    for line in paper.lines:
        before = ordered.get(line.order_line_id)
        counts: list[Scaled | None] = [line.received, line.passed, line.failed, line.short]
        rows.append(
            Row(
                (
                    line.line_id,
                    _name(frame, None, before, line.order_line_id, *_findings(frame, line)),
                    *(words.quantity(one, line.unit) for one in counts),
                )
            )
        )
    return Table(columns, tuple(rows), say("Result line by line"))


def _findings(frame: Frame, line: ReceivingLine) -> Iterable[str]:
    say, words = frame.say, frame.words
    if line.reason or line.reason_code:
        yield say("Reason: {text}").format(text=line.reason or line.reason_code)
    if line.disposition:
        word = DISPOSITIONS.get(line.disposition)
        yield say("What failed: {text}").format(text=say(word) if word else line.disposition)
    if line.returned is not None:
        yield say("Returned: {quantity}").format(quantity=words.quantity(line.returned, line.unit))
    if line.discount is not None:
        yield say("Agreed reduction: {amount}").format(amount=words.money(line.discount))
