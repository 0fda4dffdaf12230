"""The books on both sides of dealings: search, corrections, who owes what, marks of payment, closing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from node.services import bookkeeping, books, closing, payments, terms
from node.services.books import Asked
from node.services.drafting import Step
from node.services.payments import Mark
from node.services.terms import PartnerTerms
from node.services.trade import Submission
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import CorrectiveInvoice, Invoice, PaymentTerms
from tests.node.services.october import billed, order, start, step
from tests.node.services.town import Association, two_towns

TODAY = "2026-10-31"
Towns = tuple[Association, Association, bytes, bytes]


@pytest.fixture(scope="module")
def october() -> Towns:
    """Four dealings: billed with a stated day, billed by terms, paid by notice, ordered only."""
    toyota, kyoto, buyer, seller = two_towns()
    stated = order("PO-1", terms=PaymentTerms(due_date="2026-11-14"))
    billed(toyota, kyoto, buyer, seller, stated, day="2026-10-20")
    billed(toyota, kyoto, buyer, seller, order("PO-2", quantity=10), day="2026-10-21")
    kyoto.do(lambda tx: terms.put(kyoto.house, tx, seller, buyer, PartnerTerms(closing_day=31, pay_months=1)))
    billed(toyota, kyoto, buyer, seller, order("PO-3", quantity=1), until=Step.PAY, day="2026-10-22")
    start(toyota, kyoto, buyer, seller, order("PO-4", quantity=3, day="2026-10-23"))
    return toyota, kyoto, buyer, seller


def lines(town: Association, member: bytes, **asked: object) -> list[tuple[str, str, int | None]]:
    page = town.see(lambda tx: books.search(tx, member, Asked(**asked), 100))  # type: ignore[arg-type]
    return [(line.type, line.day, line.amount) for line in page.lines]


def test_both_sides_find_the_same_papers_in_both_directions(october: Towns) -> None:
    toyota, kyoto, buyer, seller = october
    assert sorted(lines(toyota, buyer)) == sorted(lines(kyoto, seller))
    sent = lines(toyota, buyer, direction="sent", type="order")
    assert sent == lines(kyoto, seller, direction="received", type="order")
    assert len(sent) == 4


def test_ranges_and_any_combination_of_them(october: Towns) -> None:
    toyota, _, buyer, seller = october
    assert lines(toyota, buyer, type="invoice", amount_min=12_650, amount_max=25_300) == [
        ("invoice", "2026-10-21", 12_650),
        ("invoice", "2026-10-20", 25_300),
    ]
    both = lines(toyota, buyer, since="2026-10-21", until="2026-10-21", amount_min=12_650, partner=seller)
    assert ("invoice", "2026-10-21", 12_650) in both
    assert all(day == "2026-10-21" and amount is not None and amount >= 12_650 for _, day, amount in both)
    assert lines(toyota, buyer, partner=b"?" * 32) == []
    assert lines(toyota, buyer, type="order", sort="amount", descending=False)[0][2] == 1150
    assert lines(toyota, buyer, number="PO-4") == [("order", "2026-10-23", 3450)]
    assert toyota.see(lambda tx: books.totals(tx, buyer, Asked(type="invoice"))) == [("JPY", 3, 39_215)]


def test_pages_of_the_answer_hold_everything_once(october: Towns) -> None:
    toyota, _, buyer, _ = october
    seen: list[bytes] = []
    behind = ""
    while True:
        page = toyota.see(lambda tx, b=behind: books.search(tx, buyer, Asked(), 3, b))
        seen += [line.document for line in page.lines]
        behind = page.next
        if not behind:
            break
    assert len(seen) == len(set(seen)) == len(lines(toyota, buyer))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"since": "2026-02-30"}, "since"),
        ({"since": "2026-10-02", "until": "2026-10-01"}, "until"),
        ({"amount_min": 2, "amount_max": 1}, "amount_max"),
        ({"type": "poem"}, "type"),
        ({"currency": "yen"}, "currency"),
        ({"sort": "colour"}, "sort"),
        ({"direction": "up"}, "direction"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(october: Towns, asked: dict[str, object], field: str) -> None:
    toyota, _, buyer, _ = october
    with pytest.raises(CallerFault) as refused:
        lines(toyota, buyer, **asked)
    assert refused.value.field == field


def test_days_of_payment_stated_or_by_terms_and_moved_to_a_bank_day(october: Towns) -> None:
    toyota, kyoto, buyer, seller = october
    owed = kyoto.see(lambda tx: books.due(tx, seller, TODAY, receivable=True))
    found = {(one.bill.due, one.pay_on, one.bill.stated, one.bill.open) for one in owed}
    assert ("2026-11-14", "2026-11-16", True, 25_300) in found  # a Saturday
    assert ("2026-11-30", "2026-11-30", False, 12_650) in found
    theirs = toyota.see(lambda tx: payments.to_pay(tx, buyer, TODAY))
    assert sum(one.bill.open for one in theirs) == sum(one.bill.open for one in owed) == 39_215
    assert kyoto.see(lambda tx: books.due(tx, buyer, TODAY, receivable=True)) == []


def test_months_and_ages(october: Towns) -> None:
    _, kyoto, buyer, seller = october
    rows = kyoto.see(lambda tx: books.monthly(tx, seller, "2026-10", "2026-10", receivable=True))
    assert [(row.sums.month, row.sums.partner, row.sums.bills, row.sums.open) for row in rows] == [
        ("2026-10", buyer, 3, 39_215)
    ]
    assert kyoto.see(lambda tx: books.monthly(tx, seller, "2026-11", "", receivable=True)) == []
    ages = kyoto.see(lambda tx: books.ageing(tx, seller, "2026-12-01", receivable=True))
    assert [(age.partner, age.months, age.overdue, age.total) for age in ages] == [
        (buyer, (0, 0, 39_215, 0), 39_215, 39_215)
    ]
    assert kyoto.see(lambda tx: books.ageing(tx, seller, TODAY, receivable=True))[0].overdue == 0


def test_a_notice_fits_its_bill_and_a_person_says_that_the_money_came(october: Towns) -> None:
    toyota, kyoto, buyer, seller = october
    (found,) = kyoto.see(lambda tx: payments.notices(tx, seller))
    assert [(fit.amount, fit.verdict) for fit in found.fits] == [(1265, "fits")]
    assert toyota.see(lambda tx: payments.notices(tx, buyer)) == []
    (paid,) = kyoto.do(lambda tx: payments.confirm_notice(kyoto.house, tx, seller, "鈴木", found.document))
    assert (paid.amount, paid.day, paid.by) == (1265, "2026-10-22", "鈴木")
    (again,) = kyoto.see(lambda tx: payments.notices(tx, seller))
    assert again.fits[0].verdict == "paid"
    with pytest.raises(CallerFault):
        kyoto.do(lambda tx: payments.confirm_notice(kyoto.house, tx, seller, "鈴木", found.document))
    kyoto.do(lambda tx: payments.undo(kyoto.house, tx, seller, "佐藤", paid.id))
    with pytest.raises(CallerFault):
        kyoto.do(lambda tx: payments.undo(kyoto.house, tx, seller, "佐藤", paid.id))
    assert kyoto.see(lambda tx: payments.notices(tx, seller))[0].fits[0].verdict == "fits"
    log = kyoto.see(lambda tx: payments.log(tx, seller))
    assert [(row.by, row.undone_by, row.undone is not None) for row in log] == [("鈴木", "佐藤", True)]
    with pytest.raises(NotFound):
        kyoto.do(lambda tx: payments.undo(kyoto.house, tx, buyer, "佐藤", paid.id))


def test_marks_are_local_whole_and_never_above_what_is_open() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = billed(toyota, kyoto, buyer, seller, order("PO-1"))
    (bill,) = toyota.see(lambda tx: tx.books.bills_of(buyer, thread))

    def mark(amount: int | None) -> None:
        marks = [Mark(thread, bill.kind, bill.number, amount)]
        toyota.do(lambda tx: payments.mark_paid(toyota.house, tx, buyer, "金子", marks, "2026-11-30", "窓口"))

    mark(300)
    with pytest.raises(CallerFault):
        mark(25_001)
    with pytest.raises(CallerFault):
        mark(0)
    good = Mark(thread, bill.kind, bill.number, 1)
    bad = Mark(thread, bill.kind, "I-404", 1)
    with pytest.raises(NotFound):
        toyota.do(lambda tx: payments.mark_paid(toyota.house, tx, buyer, "金子", [good, bad], "2026-11-30"))
    assert toyota.see(lambda tx: tx.books.bills_of(buyer, thread))[0].open == 25_000
    mark(None)
    assert toyota.see(lambda tx: payments.to_pay(tx, buyer, TODAY)) == []
    assert kyoto.see(lambda tx: tx.books.bills_of(seller, thread))[0].open == 25_300
    with pytest.raises(CallerFault):
        mark(None)
    step(toyota, buyer, thread, Step.PAY, "2026-11-30")  # the fold again: marks stay
    assert toyota.see(lambda tx: tx.books.bills_of(buyer, thread))[0].marked == 25_300


def test_corrections_are_listed_and_change_what_is_owed() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = billed(toyota, kyoto, buyer, seller, order("PO-1"))
    (invoice,) = kyoto.see(lambda tx: books.search(tx, seller, Asked(type="invoice"), 10)).lines
    credit = step(kyoto, seller, thread, Step.CREDIT, "2026-10-25", reason="しみ")
    kyoto.send_all(toyota)
    for town, member in ((toyota, buyer), (kyoto, seller)):
        found = town.see(lambda tx, m=member: books.corrections(tx, m, invoice.document))
        assert [(one.document, one.relation) for one in found] == [(invoice.document, "original"), (credit, "credit")]
        (bill,) = town.see(lambda tx, m=member: tx.books.bills_of(m, thread))
        assert (bill.amount, bill.credited + bill.open) == (25_300, 25_300)
        assert bill.credited > 0
    (first,) = toyota.see(lambda tx: books.search(tx, buyer, Asked(type="order"), 10)).lines
    relations = toyota.see(lambda tx: books.corrections(tx, buyer, first.document))
    assert [one.relation for one in relations] == ["original", "response"]
    with pytest.raises(NotFound):
        kyoto.see(lambda tx: books.corrections(tx, b"?" * 32, invoice.document))


def test_an_invoice_in_place_of_another_takes_over_its_bill() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = billed(toyota, kyoto, buyer, seller, order("PO-1"))
    (row,) = kyoto.see(lambda tx: tx.books.bills_of(seller, thread))
    stored = kyoto.see(lambda tx: tx.documents.full(row.document))
    assert stored is not None
    from node.services.dealings import paper_of

    paper = paper_of(stored)
    assert isinstance(paper, Invoice)
    fields = {name: getattr(paper, name) for name in paper.__struct_fields__}
    new = CorrectiveInvoice(
        **{**fields, "number": "K-1", "terms": PaymentTerms(due_date="2027-01-31")},
        corrects=paper.number, corrects_date=paper.issue_date, effect="replaced", reason="宛名",
    )  # fmt: skip
    sent = kyoto.submit(seller, Submission(buyer, new, thread=thread))[0]
    (after,) = kyoto.see(lambda tx: tx.books.bills_of(seller, thread))
    assert (after.number, after.document, after.due, after.open) == (row.number, sent.id, "2027-01-31", row.open)


def test_closing_sends_what_was_inspected_and_shows_what_is_open() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    kyoto.do(lambda tx: terms.put(kyoto.house, tx, seller, buyer, PartnerTerms(closing_day=31, pay_months=1)))
    inspected = billed(toyota, kyoto, buyer, seller, order("PO-1"), until=Step.INSPECT)
    shipped = billed(toyota, kyoto, buyer, seller, order("PO-2", quantity=5), until=Step.SHIP)
    billed(toyota, kyoto, buyer, seller, order("PO-3"), until=Step.SHIP, day="2026-11-02")
    billed(toyota, kyoto, buyer, seller, order("PO-4"))
    assert kyoto.see(lambda tx: closing.partners_due(tx, seller, "2026-10-31")) == [buyer]
    assert kyoto.see(lambda tx: closing.partners_due(tx, seller, "2026-10-30")) == []
    found = kyoto.see(lambda tx: closing.preview(tx, seller, buyer, "2026-10-31", TODAY))
    assert {(row.thread, row.agreed) for row in found.dealings} == {(inspected, True), (shipped, False)}
    assert (found.agreed, found.open, found.due) == (25_300, 6_325, "2026-11-30")
    assert toyota.see(lambda tx: closing.preview(tx, buyer, seller, "2026-10-31", TODAY)).dealings == ()
    done = kyoto.do(lambda tx: closing.send(kyoto.house, tx, seller, buyer, "2026-10-31", TODAY, [inspected]))
    assert len(done.submitted) == 1
    (bill,) = kyoto.see(lambda tx: tx.books.bills_of(seller, inspected))
    assert (bill.due, bill.stated, bill.open) == ("2026-11-30", True, 25_300)
    left = kyoto.see(lambda tx: closing.preview(tx, seller, buyer, "2026-10-31", TODAY))
    assert [row.thread for row in left.dealings] == [shipped]
    with pytest.raises(NotFound):
        kyoto.do(lambda tx: closing.send(kyoto.house, tx, seller, buyer, "2026-10-31", TODAY, [inspected]))


def test_old_documents_are_entered_step_by_step() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = billed(toyota, kyoto, buyer, seller, order("PO-1"))
    wanted, bills = lines(kyoto, seller), kyoto.see(lambda tx: tx.books.bills_of(seller, thread))
    listed = kyoto.see(lambda tx: tx.threads.get(seller, thread))

    def wipe(name: str) -> Callable[[object], object]:
        return lambda tx: tx._session.connection.cursor.execute(f"DELETE FROM {name}")  # type: ignore[attr-defined]

    kyoto.do(wipe("books"))
    kyoto.do(wipe("bills"))
    assert lines(kyoto, seller) == []
    assert kyoto.see(bookkeeping.lag) > 0
    steps = 0
    while kyoto.do(lambda tx: bookkeeping.catch_up(kyoto.house, tx, 2)):
        steps += 1
    assert steps == 3
    assert kyoto.see(bookkeeping.lag) == 0
    assert lines(kyoto, seller) == wanted
    assert kyoto.see(lambda tx: tx.books.bills_of(seller, thread)) == bills
    assert kyoto.see(lambda tx: tx.threads.get(seller, thread)) == listed
    start(toyota, kyoto, buyer, seller, order("PO-2"))
    assert kyoto.see(bookkeeping.lag) == 0
    assert len(lines(kyoto, seller)) == len(wanted) + 1


def test_terms_set_later_reckon_open_bills_anew() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = billed(toyota, kyoto, buyer, seller, order("PO-1"))
    assert kyoto.see(lambda tx: tx.books.bills_of(seller, thread))[0].due == "2026-11-30"
    new = PartnerTerms(closing_day=15, pay_months=2, pay_day=10)
    assert kyoto.do(lambda tx: terms.put(kyoto.house, tx, seller, buyer, new, version=0)) == 1
    assert kyoto.see(lambda tx: tx.books.bills_of(seller, thread))[0].due == "2027-01-10"
    with pytest.raises(CallerFault) as changed:
        kyoto.do(lambda tx: terms.put(kyoto.house, tx, seller, buyer, replace(new, pay_day=5), version=0))
    assert changed.value.code == "changed-meanwhile"
    assert toyota.see(lambda tx: terms.of(tx, buyer, seller)) == PartnerTerms()
