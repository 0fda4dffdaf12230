"""Proposals of terms, answers and reports as sheets."""

from __future__ import annotations

from node import offerwords
from node.i18n import N_
from node.papers.pdf.context import Context
from node.papers.pdf.frame import Frame
from node.papers.pdf.sheet import Sheet
from protocol.process.trade.papers import DeedAnswer, DeedProposal, DeedReport

ANSWERS = {
    "accepted": N_("Accepted"),
    "declined": N_("Declined"),
    "confirmed": N_("Confirmed"),
    "lapsed": N_("Its time is over"),
}
REPORTS = {"fulfilled": N_("Fulfilled"), "cancelled": N_("To be cancelled")}


def deed_proposal(paper: DeedProposal, context: Context) -> Sheet:
    """条件の提示."""
    to, by = (paper.buyer, paper.seller) if paper.provides else (paper.seller, paper.buyer)
    frame = Frame(paper, context, N_("Proposal of Terms"), to=to, by=by)
    frame.lead = frame.say("We propose the following terms.")
    zone = context.zone_minutes
    money = frame.words.money(paper.amount) if paper.amount is not None else ""
    moment = frame.words.moment
    frame.add(
        frame.facts(
            "",
            (N_("Kind of offer"), frame.say(offerwords.KINDS[paper.kind])),
            (N_("What it is about"), paper.subject),
            (N_("Terms"), paper.terms),
            (N_("Amount (with tax)") if paper.tax_included else N_("Amount (without tax)"), money),
            (N_("From"), moment(paper.starts, zone) if paper.starts else ""),
            (N_("To"), moment(paper.ends, zone) if paper.ends else ""),
            (N_("What is booked"), paper.thing),
            (N_("Binds until"), moment(paper.until, zone)),
        )
    )  # fmt: skip
    return frame.sheet()


def deed_answer(paper: DeedAnswer, context: Context) -> Sheet:
    """条件への回答."""
    frame = Frame(paper, context, N_("Answer to Terms"), to=None, by=None)
    frame.add(frame.facts("", (N_("Answer"), frame.say(ANSWERS[paper.answer])), (N_("Reason"), paper.reason)))
    return frame.sheet()


def deed_report(paper: DeedReport, context: Context) -> Sheet:
    """履行の記録."""
    frame = Frame(paper, context, N_("Record of an Agreement"), to=None, by=None)
    yes, no = frame.say("yes"), frame.say("no")
    done = bool(paper.day)
    frame.add(
        frame.facts(
            "",
            (N_("State"), frame.say(REPORTS[paper.word])),
            (N_("Day"), frame.words.day(paper.day) if done else ""),
            (N_("Delivered on time"), (yes if paper.on_time else no) if done else ""),
            (N_("Accepted at the inspection"), (yes if paper.passed else no) if done else ""),
            (N_("Reason"), paper.reason),
        )
    )
    return frame.sheet()
