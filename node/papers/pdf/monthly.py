"""合計請求書: the invoices of a closing on one sheet, with the sums of each rate.

Owns its structs and its sheet. It lists invoices and adds up what they say: nothing is rounded or taxed anew here, so
the invoices stay the qualified invoices and this sheet is none.
"""

from __future__ import annotations

from msgspec import Struct

from node.i18n import N_
from node.papers.pdf.sheet import Block, Column, Facts, Figure, Foot, Row, Sheet, Sums, Table, Words
from node.papers.pdf.wording import Wording
from node.words import PAPERS
from protocol.process.trade.papers import BankAccount, Party, Scaled

OWN_ROUNDING = N_(
    "Each paper listed was rounded for itself, once per rate. The sums here are those of the papers; no tax is worked"
    " out anew, and it is the papers listed that count."
)


class Listed(Struct, frozen=True, kw_only=True):
    """An invoice, or with negative amounts a credit note. Minor units; ``order``: number of the order.

    ``payable`` differs from ``total`` by what was paid before and by rounding.
    """

    document: str
    kind: str
    number: str
    day: str
    order: str
    net: int
    tax: int
    total: int
    payable: int


class RateSum(Struct, frozen=True, kw_only=True):
    """Sum over the invoices of one tax category and rate; ``basis`` without tax."""

    category: str
    rate: Scaled | None
    basis: int
    tax: int


class Monthly(Struct, frozen=True, kw_only=True):
    """One partner, one closing, one currency. Sums are those of ``listed``; ``before``: still open from earlier.

    ``selling``: the reader pays; else the writer does, and lists its self-billed statements. ``since`` and ``until``:
    days of the first and the last, both included; ``made_us``: µs UTC.
    """

    number: str
    to: Party
    by: Party
    selling: bool
    since: str
    until: str
    due: str
    currency: str
    listed: tuple[Listed, ...]
    rates: tuple[RateSum, ...]
    net: int
    tax: int
    total: int
    payable: int
    before: int
    made_us: int
    issue_date: str
    account: BankAccount | None = None
    language: str = "ja"
    fax: bool = False
    sample: bool = False


def sheet(month: Monthly) -> Sheet:
    """The list as a sheet."""
    words = Wording(month.language, month.currency)
    say = words.say
    title = say("Monthly Invoice") if month.selling else say("Monthly List of Purchases")
    name = f"{month.to.name} 御中" if words.japanese else month.to.name
    return Sheet(
        title=title,
        language=month.language,
        marks=(say("SAMPLE"),) if month.sample else (),
        numbers=((say("Number"), month.number), (say("Date of issue"), words.day(month.issue_date))),
        to=(name, words.address(month.to.address)) if month.to.address else (name,),
        by=tuple(filter(None, (month.by.name, words.address(month.by.address), *words.identifiers(month.by)))),
        lead=say("We bill the following.") if month.selling else say("We state the following purchases."),
        blocks=tuple(_blocks(month, words)),
        footing=(say("This list is not signed. Each paper listed is a signed document of its own."),),
        author=month.by.name,
        subject=f"{title} {month.number}",
    )


def _blocks(month: Monthly, words: Wording) -> list[Block]:
    say = words.say
    period = f"{words.day(month.since)} {'～' if words.japanese else '–'} {words.day(month.until)}"
    facts = [(say("Period"), period), (say("Day of payment"), words.day(month.due))]
    if month.before:
        facts.append((say("Open from earlier bills"), words.money(month.before)))
    if month.account is not None and (month.account.number or month.account.iban):
        facts.append((say("Account"), words.account(month.account)))
    return [
        Figure(say("Sum billed") if month.selling else say("Sum of purchases"), words.money(month.payable)),
        Facts(tuple(facts)),
        _table(month, words),
        Foot(_rates(month, words), _sums(month, words)),
        Words(say(OWN_ROUNDING)),
    ]


def _table(month: Monthly, words: Wording) -> Table:
    say = words.say
    columns = (
        Column(say("Date"), 15),
        Column(say("Document"), 33),
        Column(say("Order number"), 19),
        Column(say("Without tax"), 17, "right"),
        Column(say("Tax"), 13, "right"),
        Column(say("Total"), 17, "right"),
    )
    rows = tuple(
        Row(
            (
                words.short_day(one.day),
                f"{one.number}\n{say(PAPERS[one.kind]) if one.kind in PAPERS else one.kind}",
                one.order,
                *(words.money(amount) for amount in (one.net, one.tax, one.total)),
            )
        )
        for one in month.listed
    )
    return Table(columns, rows, say("Invoices of the period") if month.selling else say("Statements of the period"))


def _rates(month: Monthly, words: Wording) -> Table:
    say = words.say
    columns = (
        Column(say("Rate"), 44),
        Column(say("Total for the rate (without tax)"), 30, "right"),
        Column(say("Consumption tax"), 24, "right"),
    )
    rows = tuple(
        Row((words.taxed(one.category, one.rate), words.money(one.basis), words.money(one.tax))) for one in month.rates
    )
    return Table(columns, rows, say("Totals by tax rate"))


def _sums(month: Monthly, words: Wording) -> Sums:
    say = words.say
    total = say("Sum billed") if month.selling else say("Sum of purchases")
    rows = [
        (say("Sum without tax"), month.net),
        (say("Consumption tax"), month.tax),
        (say("Sum with tax"), month.total),
    ]
    if month.payable != month.total:
        rows.append((say("Paid before, and rounding"), month.payable - month.total))
    rows.append((total, month.payable))
    return Sums(tuple((label, words.money(amount)) for label, amount in rows), frozenset({total}))
