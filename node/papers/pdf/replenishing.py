"""Reports of sales, proposals and answers as sheets: what a shop tells a supplier, and what becomes of it."""

from __future__ import annotations

from node.i18n import N_
from node.papers.pdf.context import Context
from node.papers.pdf.frame import Frame
from node.papers.pdf.sheet import Column, Row, Sheet, Table
from protocol.process.trade.papers import ReplenishmentAnswer, ReplenishmentProposal, SalesReport, Scaled, SoldLine

ANSWERS = {"ordered": N_("Ordered"), "declined": N_("Declined")}


def sales_report(paper: SalesReport, context: Context) -> Sheet:
    """販売報告."""
    frame = Frame(paper, context, N_("Report of Sales"), to=paper.seller, by=paper.buyer)
    frame.lead = frame.say("We sold the following of your goods.")
    frame.number(N_("Week"), paper.week)
    say = frame.say
    columns = (
        Column(say("Area"), 14),
        Column(say("JAN"), 22),
        Column(say("Item number"), 22),
        Column(say("Quantity"), 18, "right"),
        Column(say("Amount (with tax)") if paper.tax_included else say("Amount (without tax)"), 20, "right"),
    )
    rows = tuple(
        Row((" ".join(filter(None, (area.area, area.store))), *_sold(frame, line)))
        for area in paper.areas
        for line in area.lines
    )
    frame.add(Table(columns, rows, say("Items")))
    return frame.sheet()


def _sold(frame: Frame, line: SoldLine) -> tuple[str, str, str, str]:
    thousandths = abs(line.sold)
    plain = Scaled(thousandths, 3) if thousandths % 1000 else Scaled(thousandths // 1000)
    sold = frame.words.quantity(plain, line.unit)
    amount = "" if line.amount is None else frame.words.money(abs(line.amount))
    return (
        line.gtin,
        line.seller_id,
        f"-{sold}" if line.sold < 0 else sold,
        f"-{amount}" if line.amount is not None and line.amount < 0 else amount,
    )


def replenishment_proposal(paper: ReplenishmentProposal, context: Context) -> Sheet:
    """補充の提案."""
    frame = Frame(paper, context, N_("Replenishment Proposal"), to=paper.buyer, by=paper.seller)
    frame.lead = frame.say("From your reports of sales we propose that you order the following.")
    frame.number(N_("Valid until"), frame.words.day(paper.valid_until))
    say = frame.say
    columns = (
        Column(say("Item number"), 18),
        Column(say("Item"), 38),
        Column(say("Quantity"), 18, "right"),
        Column(say("Reason"), 28),
    )
    rows = tuple(
        Row((line.item.seller_id, line.item.name, frame.words.quantity(line.quantity, line.unit), line.reason))
        for line in paper.lines
    )
    frame.add(Table(columns, rows, say("Items")))
    return frame.sheet()


def replenishment_answer(paper: ReplenishmentAnswer, context: Context) -> Sheet:
    """補充の提案への回答."""
    frame = Frame(paper, context, N_("Answer to a Replenishment Proposal"), to=None, by=None)
    answer = frame.say(ANSWERS[paper.answer])
    frame.add(frame.facts("", (N_("Answer"), answer), (N_("Order number"), paper.order), (N_("Reason"), paper.reason)))
    return frame.sheet()
