"""The story's dealings: lawful papers, the same at both ends, with the sums of the table."""

from __future__ import annotations

import pytest

from cli.demonstration.firms import FIRMS
from cli.demonstration.october.dealings import Dealing, goods, people, sent
from cli.demonstration.october.writing import Writer, account, party, writer_of
from node.services import dealings as folds
from node.services.desk import standing
from node.services.drafting.steps import main_step
from node.services.trade import Submission
from protocol.process import checks
from protocol.process.trade.advice import advise
from protocol.process.trade.papers import Billing, CorrectiveInvoice, Invoice, Order, Paper
from protocol.process.trade.state import ThreadState
from protocol.process.trade.table import Role
from tests.node.services.town import two_towns

#: T → (net, tax) as the story's table has it; T9 is split in two.
SUMS = {
    "T1": (276_000, 27_600),
    "T2": (92_500, 9_250),
    "T3": (33_600, 2_688),
    "T4": (31_200, 3_120),
    "T5": (20_700, 2_070),
    "T7": (31_000, 2_480),
    "T9": (27_000, 2_700),
    "T10": (0, 0),
    "T11": (0, 0),
    "T12": (0, 0),
}
STATES = {
    "T1": "billed",
    "T2": "billed",
    "T3": "partly_shipped",
    "T4": "billed",
    "T5": "billed",
    "T7": "billed",
    "T9-1": "billed",
    "T9-2": "accepted",
    "T10": "quoted",
    "T11": "refused",
    "T12": "cancelled",
}


def papers_of(dealing: Dealing) -> list[Paper]:
    writer = Writer(dealing)
    return [writer.write(said) for said in dealing.papers]


def told(dealing: Dealing) -> tuple[ThreadState, ThreadState]:
    """The dealing as two associations see it, after each paper has gone from one to the other."""
    toyota, shikoku, buyer, seller = two_towns()
    thread = b""
    for said, paper in zip(dealing.papers, papers_of(dealing), strict=True):
        here, there, author, partner = (
            (toyota, shikoku, buyer, seller) if writer_of(said) == "buyer" else (shikoku, toyota, seller, buyer)
        )
        sent = here.submit(author, Submission(partner, paper, thread=thread))[0]
        assert sent.verdict == "applied", (dealing.key, said.type, sent)
        thread = thread or sent.thread
        here.greet(there)
        here.send_all(there)
    one, other = (town.see(lambda tx: folds.fold(tx, thread)).state for town in (toyota, shikoku))
    return one, other


@pytest.mark.parametrize("dealing", sent(), ids=lambda one: one.key)
def test_both_ends_fold_it_to_the_same_state(dealing: Dealing) -> None:
    here, there = told(dealing)
    assert here == there
    assert here.state.value == STATES[dealing.key]
    assert {one.verdict.value for one in here.outcomes.values()} <= {"effective", "superseded"}
    assert all(one.answer for one in here.questions)
    # nothing is left to do that the story does not say
    waiting = {main_step(here, role) for role in (Role.BUYER, Role.SELLER)}
    assert waiting == {
        "T3": {"pay", "ship"},
        "T9-2": {None, "ship"},
        "T10": {"order", None},
        "T11": {None},
        "T12": {None},
    }.get(dealing.key, {"pay", None})


def test_sums_are_those_of_the_table() -> None:
    found: dict[str, tuple[int, int]] = {}
    for dealing in sent():
        net, tax = _summed(papers_of(dealing))
        if dealing.key != "T12":  # an order that was cancelled
            assert (net, tax) == (dealing.net, dealing.tax), dealing.key
        key = dealing.key.partition("-")[0]
        before = found.get(key, (0, 0))
        found[key] = (before[0] + dealing.net, before[1] + dealing.tax)
    assert found == SUMS


def _summed(papers: list[Paper]) -> tuple[int, int]:
    """What is billed, less what is credited; where nothing is billed, what the order comes to."""
    bills = [paper for paper in papers if isinstance(paper, Billing)]
    if not bills:
        bills_or_orders = [paper for paper in papers if isinstance(paper, Order)]
        refused = any(getattr(paper, "response", "") == "refused" for paper in papers)
        totals = [paper.totals for paper in bills_or_orders if paper.totals is not None and not refused]
        return sum(one.net or 0 for one in totals), sum(one.tax or 0 for one in totals)
    signed = [(-1 if isinstance(bill, CorrectiveInvoice) else 1, bill.totals) for bill in bills]
    return sum(sign * (one.net or 0) for sign, one in signed), sum(sign * (one.tax or 0) for sign, one in signed)


def test_orders_and_invoices_leave_the_law_nothing_to_ask() -> None:
    for dealing in sent():
        for paper in papers_of(dealing):
            if isinstance(paper, Order | Invoice):
                assert advise(paper) == (), (dealing.key, paper.number)


def test_goods_have_valid_numbers_and_firms_are_fictitious() -> None:
    for item in goods().items:
        if item.gtin:
            assert item.gtin.startswith("29")
            assert checks.is_gtin(item.gtin)
    for key in FIRMS:
        assert account(key).bank == "9999"
        assert party(key).registration_number == f"T{FIRMS[key].corporate_number}"
        assert party(key).address is not None
        assert party(key).address.postcode == "000-0000"


def test_people_have_each_role_and_every_trading_firm_an_owner() -> None:
    logins = people()
    assert len({one.name for one in logins}) == len(logins)
    assert [one.role for one in logins][:6] == ["owner", "clerk", "viewer", "staff", "staff", "staff"]
    trading = {firm for one in sent() for firm in (one.buyer, one.seller)}
    trading -= {one.seller for one in sent() if one.by_link}
    assert trading | {"F04"} <= {one.firm for one in logins if one.role == "owner"}


@pytest.mark.parametrize(
    ("key", "amount", "day"),
    [("T3", 36_288, "2026-11-06"), ("T5", 22_770, "2026-10-20"), ("T9-2", 14_300, "2026-11-06")],
)
def test_a_dealings_line_says_what_is_left_to_pay_and_when_the_next_goods_come(key: str, amount: int, day: str) -> None:
    state, _ = told(next(one for one in sent() if one.key == key))
    assert standing.amount(state, state.order) == amount
    assert standing.delivery_day(state, state.order) == day
