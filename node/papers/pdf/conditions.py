"""Terms as they are printed: delivery, inspection, payment, supplied material, what is undecided. Knows no paper.

Together with the lines these are the items that an order has to state (取適法 4条): each is printed, and where it is
neither stated nor explained, the paper says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from node.i18n import N_
from node.papers.pdf.frame import Frame
from node.papers.pdf.sheet import Column, Row, Table
from node.papers.pdf.wording import METHODS
from node.words import FREIGHT
from protocol.process.trade.papers import (
    Delivery,
    DeliveryTerms,
    Inspection,
    OrderLine,
    PaymentMeans,
    PaymentTerms,
    SuppliedMaterial,
    Undecided,
)

FIELDS = (
    (r"terms\.due_date|terms", N_("day of payment")),
    (r"terms\.means.*", N_("means of payment")),
    (r"inspection.*", N_("day on which inspection ends")),
    (r"(delivery|lines\[\d+\]\.delivery)(\.period.*)?", N_("day of delivery")),
    (r"(lines\[\d+\]\.)?delivery\.(location|party).*", N_("place of the delivery")),
    (r"lines\[\d+\]\.(price|amount|formula).*", N_("price")),
    (r"lines\[\d+\]\.(item|quantity).*", N_("what is ordered, and how much")),
    (r"lines(\[\d+\])?", N_("lines of the order")),
    (r"supplied.*", N_("material supplied against payment")),
    (r"totals.*|taxes.*", N_("sum")),
)
_LINE = re.compile(r"lines\[(\d+)\]")


def days(frame: Frame, delivery: Delivery | None, lines: Iterable[OrderLine] = ()) -> str:
    """The day or period of delivery; where only lines state it, that they do."""
    if delivery is not None and delivery.period is not None:
        return frame.words.period(delivery.period)
    if any(line.delivery is not None and line.delivery.period is not None for line in lines):
        return frame.say("as stated in each line")
    return ""


def place(frame: Frame, delivery: Delivery | None, lines: Iterable[OrderLine] = ()) -> str:
    """The place of delivery, as :func:`days`."""
    if delivery is not None and (delivery.location is not None or delivery.party is not None):
        return frame.words.place(delivery)
    if any(line.delivery is not None and (line.delivery.location or line.delivery.party) for line in lines):
        return frame.say("as stated in each line")
    return ""


def inspection(frame: Frame, one: Inspection | None) -> str:
    """Until when it is inspected, and how."""
    if one is None:
        return ""
    say = frame.say
    parts = [frame.words.day(one.completion_date)]
    if one.days_after_receipt is not None:
        parts.append(say("within {days} days after receipt").format(days=one.days_after_receipt))
    if one.waived:
        parts.append(say("no inspection"))
    return "\n".join(filter(None, (frame.words.join(parts), one.method)))


def delivery_terms(frame: Frame, one: DeliveryTerms | None) -> str:
    """Who bears what on the way."""
    if one is None:
        return ""
    code = frame.say(FREIGHT[one.code]) if one.code in FREIGHT else one.code
    return " ".join(filter(None, (code, one.place, one.description)))


def payment(frame: Frame, terms: PaymentTerms | None) -> Iterable[tuple[str, str]]:
    """How it is paid: one row for each share."""
    if terms is None:
        return
    yield N_("Terms of payment"), terms.description
    for one in terms.means:
        yield N_("Means of payment"), means(frame, one)


def means(frame: Frame, one: PaymentMeans) -> str:
    """One share of the payment: method, how much, who pays it out and when it is cash."""
    say, words = frame.say, frame.words
    first = [say(METHODS[one.method]) if one.method in METHODS else one.method]
    if one.amount is not None:
        first.append(words.money(one.amount))
    if one.percent is not None:
        first.append(say("{percent} of the sum").format(percent=words.rate(one.percent)))
    lines = [words.join(first)]
    if one.institution:
        lines.append(say("Institution: {name}").format(name=one.institution))
    if one.start_date:
        lines.append(say("May be drawn from: {day}").format(day=words.day(one.start_date)))
    if one.maturity:
        lines.append(say("Due in cash (maturity): {day}").format(day=words.day(one.maturity)))
    lines.append(words.account(one.account))
    if one.reference:
        lines.append(say("Reference: {text}").format(text=one.reference))
    return "\n".join(line for line in lines if line)


def supplied(frame: Frame, materials: tuple[SuppliedMaterial, ...]) -> Table:
    """Material supplied against payment: what, how much, price, handover, settlement."""
    say, words = frame.say, frame.words
    columns = (
        Column(say("Material"), 28),
        Column(say("Quantity"), 13, "right"),
        Column(say("Price"), 15, "right"),
        Column(say("Handed over on"), 16),
        Column(say("Settled on, how"), 28),
    )
    rows = tuple(
        Row(
            (
                one.name,
                words.quantity(one.quantity, one.unit),
                words.money(one.amount),
                words.short_day(one.handover_date),
                "\n".join(filter(None, (words.short_day(one.settlement_date), one.settlement_method))),
            )
        )
        for one in materials
    )
    return Table(columns, rows, say("Material supplied against payment"))


def undecided(frame: Frame, items: tuple[Undecided, ...], heading: str) -> Table:
    """What is not fixed yet: which, why, and when it will be."""
    say = frame.say
    columns = (Column(say("Undecided"), 26), Column(say("Reason"), 42), Column(say("To be decided by"), 32))
    rows = tuple(Row((field(frame, one.field), one.reason, frame.words.day(one.expected_date))) for one in items)
    return Table(columns, rows, say(heading))


def field(frame: Frame, path: str) -> str:
    """The name of a field for people, with its line."""
    name = next((frame.say(word) for pattern, word in FIELDS if re.fullmatch(pattern, path)), path)
    line = _LINE.match(path)
    if line is None:
        return name
    number = frame.say("line {line}").format(line=int(line[1]) + 1)
    return f"{name} ({number})"


def stated(frame: Frame, value: str, path: str, items: Iterable[Undecided]) -> str:
    """``value``, or why there is none: it is undecided, or the paper does not say."""
    if value:
        return value
    if any(path == one.field or path.startswith(f"{one.field}.") or one.field.startswith(f"{path}.") for one in items):
        return frame.say("undecided: see below")
    return frame.say("not stated")
