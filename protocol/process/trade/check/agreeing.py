"""Rules on proposals of terms, answers and reports: times run forwards, money has a currency, words are known."""

from __future__ import annotations

from typing import Final

from protocol.limits import MAX_BOOKING_US
from protocol.offer.kinds import KINDS
from protocol.process.trade.check.parties import party
from protocol.process.trade.check.rules import amount, currency, day, document_id, fail, one_of, stated
from protocol.process.trade.papers import DeedAnswer, DeedProposal, DeedReport
from protocol.process.trade.papers.agreeing import ANSWERS, FULFILLED, REPORTS

#: Firms may not agree on territory, customers or prices of sale (独占禁止法): a referral is made without money.
WITHOUT_MONEY: Final = frozenset({"referral"})


def deed_proposal(paper: DeedProposal) -> None:
    """条件の提示."""
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    stated(paper.offer, "offer")
    document_id(paper.offer, "offer")
    document_id(paper.answers, "answers")
    one_of(paper.kind, KINDS, "kind")
    stated(paper.subject, "subject")
    amount(paper.amount, "amount")
    if paper.amount is not None:
        currency(paper)
        if paper.kind in WITHOUT_MONEY:
            fail("amount", "a referral states no price")
    elif paper.tax_included:
        fail("tax_included", "only where an amount is stated")
    if bool(paper.starts) != bool(paper.ends):
        fail("ends" if paper.starts else "starts", "both times must be stated, or none")
    if paper.starts and paper.ends <= paper.starts:
        fail("ends", "must be later than it starts")
    if paper.ends - paper.starts > MAX_BOOKING_US:
        fail("ends", "at most 366 days after it starts")
    if not paper.until:
        fail("until", "must be stated")


def deed_answer(paper: DeedAnswer) -> None:
    """条件への回答."""
    stated(paper.proposal, "proposal")
    document_id(paper.proposal, "proposal")
    one_of(paper.answer, ANSWERS, "answer")


def deed_report(paper: DeedReport) -> None:
    """履行の記録."""
    stated(paper.proposal, "proposal")
    document_id(paper.proposal, "proposal")
    one_of(paper.word, REPORTS, "word")
    if paper.word == FULFILLED:
        day(paper.day, "day")
    elif paper.day or paper.on_time or paper.passed:
        fail("day", "only where it was fulfilled")
