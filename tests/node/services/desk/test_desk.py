"""The desk of two firms of two associations: what each sees waiting, from the enquiry to the payment, by its drafts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from node.services.desk import dealing, numbering, today
from node.services.desk.today import When
from node.services.drafting import Step
from node.services.trade import Submission
from protocol.errors import NotFound
from protocol.process.trade.papers import (
    DespatchAdvice,
    Invoice,
    Item,
    OrderLine,
    Party,
    Price,
    RequestForQuotation,
    Scaled,
    TaxCategory,
)
from protocol.process.trade.table import Role, State
from tests.node.services.town import Association, two_towns

DAY, WEEK = "2026-10-15", "2026-10-22"


def enquiry(number: str, reply_by: str = "") -> RequestForQuotation:
    line = OrderLine(
        line_id="1",
        item=Item(name="竹ざる"),
        quantity=Scaled(40),
        unit="H87",
        price=Price(value=Scaled(780)),
        tax=TaxCategory(category="S", rate=Scaled(10)),
    )
    return RequestForQuotation(
        number=number,
        issue_date="2026-10-01",
        currency="JPY",
        buyer=Party(name="ぶんぶく商店"),
        seller=Party(name="かぐや竹工房"),
        lines=(line,),
        reply_by=reply_by,
    )


class Pair:
    """A buyer and a seller of two associations, and what travels between them."""

    def __init__(self) -> None:
        self.here, self.there, self.buyer, self.seller = two_towns()

    def carry(self) -> None:
        for _ in range(3):
            self.here.send_all(self.there)
            self.there.send_all(self.here)

    def side(self, role: Role) -> tuple[Association, bytes]:
        return (self.here, self.buyer) if role is Role.BUYER else (self.there, self.seller)

    def begin(self, number: str = "E-1", reply_by: str = "") -> bytes:
        sent = self.here.submit(self.buyer, Submission(self.seller, enquiry(number, reply_by)))[0]
        self.carry()
        return sent.thread

    def today(self, role: Role) -> today.Today:
        town, member = self.side(role)
        return town.see(lambda tx: today.of(tx, member, DAY, WEEK))

    def take(self, role: Role, thread: bytes, step: Step) -> None:
        town, member = self.side(role)
        other = self.seller if role is Role.BUYER else self.buyer
        paper = town.do(lambda tx: dealing.write_draft(tx, member, thread, step, DAY, due="2026-12-10"))
        town.submit(member, Submission(other, paper, thread=thread))
        self.carry()


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def test_a_dealing_goes_by_the_first_page_alone() -> None:
    pair = Pair()
    thread = pair.begin(reply_by=DAY)
    taken: list[Step] = []
    for _ in range(12):
        work = [(role, row) for role in Role for row in pair.today(role).mine]
        if not work:
            break
        role, row = work[0]
        assert row.thread == thread
        assert row.summary.step is not None
        assert row.summary.role is role
        assert any(other.thread == thread for other in pair.today(role.other).theirs)
        taken.append(row.summary.step)
        pair.take(role, thread, row.summary.step)
    assert taken == [Step.QUOTE, Step.ORDER, Step.ANSWER, Step.SHIP, Step.INSPECT, Step.BILL, Step.PAY]
    for role in Role:
        town, member = pair.side(role)
        seen = town.see(lambda tx, member=member: dealing.open_dealing(tx, member, thread))  # type: ignore[misc]
        assert seen.state.state is State.PAID
        assert seen.main is None
        assert seen.role is role
        assert len(seen.timeline) == 8
        assert [entry.mine for entry in seen.timeline].count(True) == 4
        invoice = next(entry for entry in seen.timeline if isinstance(entry.paper, Invoice))
        assert invoice.view.marks.processed is not None


def test_how_soon() -> None:
    pair = Pair()
    days = {"late": "2026-10-14", "today": DAY, "week": "2026-10-20", "later": "2026-11-20"}
    for at, day in enumerate(reversed(days.values())):
        pair.begin(f"E-{at}", day)
    found = pair.today(Role.SELLER)
    assert [row.when for row in found.mine] == [When.LATE, When.TODAY, When.WEEK, When.LATER]
    assert [day for day, _ in found.soon] == [DAY, "2026-10-20"]
    assert found.mine[0].partner_name == "豊田精機" or found.mine[0].partner_name
    assert found.mine[0].summary.goods == ("竹ざる",)


def test_nobody_else_sees_it() -> None:
    pair = Pair()
    thread = pair.begin()
    stranger = pair.here.enrol("すずめ屋")
    assert pair.here.see(lambda tx: today.of(tx, stranger, DAY, WEEK)) == today.Today((), (), (), False)
    with pytest.raises(NotFound):
        pair.here.see(lambda tx: dealing.open_dealing(tx, stranger, thread))
    with pytest.raises(NotFound):
        pair.here.do(lambda tx: dealing.write_draft(tx, stranger, thread, Step.ORDER, DAY))


def test_numbers_are_given_once() -> None:
    town, _, member, _ = two_towns()
    given = [town.do(lambda tx: numbering.next_number(tx, member, "order", DAY)) for _ in range(3)]
    assert given == ["PO-2610-0001", "PO-2610-0002", "PO-2610-0003"]
    assert town.do(lambda tx: numbering.next_number(tx, member, "order", "2026-11-01")) == "PO-2611-0001"
    assert town.do(lambda tx: numbering.next_number(tx, member, "invoice", DAY)) == "IN-2610-0001"


def test_a_change_that_is_asked_for_is_the_first_thing() -> None:
    pair = Pair()
    thread = pair.begin()
    for role, step in ((Role.SELLER, Step.QUOTE), (Role.BUYER, Step.ORDER), (Role.SELLER, Step.ANSWER)):
        pair.take(role, thread, step)
    member = pair.seller
    paper = pair.there.do(lambda tx: dealing.write_draft(tx, member, thread, Step.CANCEL, DAY))
    pair.there.submit(member, Submission(pair.buyer, replace(paper, reason="材料が入りません"), thread=thread))
    pair.carry()
    rows = pair.today(Role.BUYER).mine
    assert [row.summary.step for row in rows] == [Step.DECIDE]
    pair.take(Role.BUYER, thread, Step.DECIDE)
    assert pair.today(Role.BUYER).mine == ()
    assert pair.today(Role.SELLER).mine == ()


def test_both_sides_may_have_something_to_do_at_once() -> None:
    pair = Pair()
    thread = pair.begin()
    for role, step in ((Role.SELLER, Step.QUOTE), (Role.BUYER, Step.ORDER), (Role.SELLER, Step.ANSWER)):
        pair.take(role, thread, step)
    member = pair.seller
    paper = pair.there.do(lambda tx: dealing.write_draft(tx, member, thread, Step.SHIP, DAY))
    assert isinstance(paper, DespatchAdvice)
    part = replace(paper, lines=(replace(paper.lines[0], quantity=Scaled(25)),))
    pair.there.submit(member, Submission(pair.buyer, part, thread=thread))
    pair.carry()
    assert [row.summary.step for row in pair.today(Role.SELLER).mine] == [Step.SHIP]
    assert [row.summary.step for row in pair.today(Role.BUYER).mine] == [Step.INSPECT]
    assert pair.today(Role.BUYER).theirs == ()
