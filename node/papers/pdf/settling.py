"""立替金精算書: what one firm bears of a supplier's bill that another firm paid for all of a joint order.

Owns its structs and its sheet. It is no invoice and taxes nothing anew: it passes on what the supplier's qualified
invoice says, the firm's part of each rate, and how that part was found. Source: 消費税法基本通達 11-6-2.
"""

from __future__ import annotations

from msgspec import Struct

from node.i18n import N_
from node.papers.pdf.sheet import Block, Column, Facts, Figure, Foot, Row, Sheet, Sums, Table, Words
from node.papers.pdf.wording import Wording
from protocol.process.trade.papers import Party, Scaled

PASSED_ON = N_(
    "This is no invoice. It settles what was paid on your behalf, with the amounts of the supplier's invoice as they"
    " are; keep it for your purchase tax credit together with a copy of that invoice."
)
PARTS = N_(
    "The tax of each rate is the supplier's, divided among the firms in proportion to their amounts without tax. The"
    " parts of all firms together are the supplier's invoice, to the yen."
)


class Line(Struct, frozen=True, kw_only=True):
    """Goods: ``quantity`` of ``total`` that all ordered, at one price; yen without tax."""

    name: str
    unit: str
    quantity: int
    total: int
    price: int
    category: str
    rate: Scaled | None

    @property
    def amount(self) -> int:
        """Yen."""
        return self.quantity * self.price


class Part(Struct, frozen=True, kw_only=True):
    """One rate: this firm's net and tax, of the bill's."""

    category: str
    rate: Scaled | None
    net: int
    tax: int
    bill_net: int
    bill_tax: int


class Settlement(Struct, frozen=True, kw_only=True):
    """For one firm. ``by`` paid the invoice of ``supplier``; ``rebate``, ``freight``: this firm's yen and everybody's.

    ``made_us``: µs UTC.
    """

    number: str
    round: str
    to: str
    by: Party
    supplier: Party
    invoice: str
    invoice_day: str
    drop: str
    firms: int
    lines: tuple[Line, ...]
    rebate: tuple[int, int]
    freight: tuple[int, int]
    settled: int
    parts: tuple[Part, ...]
    issue_date: str
    made_us: int
    language: str = "ja"
    fax: bool = False
    sample: bool = False

    @property
    def net(self) -> int:
        """Yen without tax."""
        return sum(part.net for part in self.parts)

    @property
    def tax(self) -> int:
        """Yen of tax."""
        return sum(part.tax for part in self.parts)


def sheet(one: Settlement) -> Sheet:
    """The settlement as a sheet."""
    words = Wording(one.language)
    say = words.say
    title = say("Settlement of Expenses Paid on Behalf")
    return Sheet(
        title=title,
        language=one.language,
        marks=(say("SAMPLE"),) if one.sample else (),
        numbers=((say("Number"), one.number), (say("Date of issue"), words.day(one.issue_date))),
        to=(f"{one.to} 御中" if words.japanese else one.to,),
        by=tuple(filter(None, (one.by.name, words.address(one.by.address), *words.identifiers(one.by)))),
        lead=say("We paid the following on your behalf and ask you to settle it."),
        blocks=tuple(_blocks(one, words)),
        footing=(say("This sheet is not signed. It was worked out from the signed result of the joint order."),),
        author=one.by.name,
        subject=f"{title} {one.number}",
    )


def _blocks(one: Settlement, words: Wording) -> list[Block]:
    say = words.say
    facts = (
        (say("Joint order"), one.round),
        (say("Firms that take part"), str(one.firms)),
        (say("Delivered to"), one.drop),
        (say("Supplier"), one.supplier.name),
        (say("Registration number"), one.supplier.registration_number or say("none")),
        (say("Supplier's invoice"), f"{one.invoice}  {words.day(one.invoice_day)}"),
    )
    return [
        Figure(say("Amount to settle"), words.money(one.net + one.tax)),
        Facts(facts),
        _lines(one, words),
        Foot(_parts(one, words), _sums(one, words)),
        Words(say(PARTS)),
        Words(say(PASSED_ON)),
    ]


def _lines(one: Settlement, words: Wording) -> Table:
    say = words.say
    columns = (
        Column(say("Item"), 36),
        Column(say("Yours, of all"), 22, "right"),
        Column(say("Unit price"), 18, "right"),
        Column(say("Without tax"), 22, "right"),
    )
    rows = [
        Row(
            (
                f"{line.name}\n{words.taxed(line.category, line.rate)}",
                f"{line.quantity:,} / {line.total:,} {words.unit(line.unit)}",
                words.money(line.price),
                words.money(line.amount),
            )
        )
        for line in one.lines
    ]
    for label, (own, every), sign in ((say("Discount"), one.rebate, -1), (say("Freight"), one.freight, 1)):
        if every:
            rows.append(Row((label, f"{words.money(own)} / {words.money(every)}", "", words.money(sign * own))))
    if one.settled:
        rows.append(Row((say("Balanced between the firms"), "", "", words.money(one.settled))))
    return Table(columns, tuple(rows), say("What was paid"))


def _parts(one: Settlement, words: Wording) -> Table:
    say = words.say
    columns = (
        Column(say("Rate"), 24),
        Column(say("Yours without tax, of the invoice's"), 44, "right"),
        Column(say("Your tax, of the invoice's"), 32, "right"),
    )
    rows = tuple(
        Row(
            (
                words.taxed(part.category, part.rate),
                f"{words.money(part.net)} / {words.money(part.bill_net)}",
                f"{words.money(part.tax)} / {words.money(part.bill_tax)}",
            )
        )
        for part in one.parts
    )
    return Table(columns, rows, say("Totals by tax rate"))


def _sums(one: Settlement, words: Wording) -> Sums:
    say = words.say
    total = say("Amount to settle")
    rows = ((say("Sum without tax"), one.net), (say("Consumption tax"), one.tax), (total, one.net + one.tax))
    return Sums(tuple((label, words.money(amount)) for label, amount in rows), frozenset({total}))
