"""A catalogue for one partner at a time, and that nobody learns of another's: not by content, counts or time."""

from __future__ import annotations

import time
from statistics import median

import pytest

from node.services import books, dealings, items, payments, searching, sharing, talking, terms
from node.services.books import Asked
from node.services.items import OwnItem, OwnPrice
from node.services.searching import Filters
from node.services.sharing import AUTOMATIC, NEVER
from node.services.terms import PartnerTerms
from node.services.trade import Submission
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Catalogue, Period, Price, PriceTier, Quotation, Scaled
from tests.node.services.october import order
from tests.node.services.town import Association, two_towns

TODAY = "2026-10-05"


def stock(count: int, description: str = "") -> list[OwnItem]:
    """Items as a wholesaler has them."""
    return [
        OwnItem(
            number=f"P-{at:04}",
            name=f"紙袋 {at}号 手提げ 200枚",
            description=description,
            gtin="2900000401013",
            unit="BX",
            price=Scaled(4800 + at),
            tiers=(PriceTier(minimum=Scaled(10), price=Price(value=Scaled(4320 + at))),),
            pack_size=Scaled(200),
            minimum=Scaled(1),
            lead_days=3,
        )
        for at in range(count)
    ]


def wholesaler(count: int = 3) -> tuple[Association, Association, bytes, bytes]:
    toyota, kyoto, buyer, seller = two_towns()
    kyoto.do(lambda tx: items.put(kyoto.house, tx, seller, stock(count)))
    return toyota, kyoto, buyer, seller


def publish(kyoto: Association, seller: bytes, buyer: bytes, today: str = TODAY, **more: object) -> int:
    done = kyoto.do(lambda tx: sharing.publish(kyoto.house, tx, seller, buyer, today, **more))  # type: ignore[arg-type]
    return len(done.submitted)


def test_two_thousand_items_go_out_in_sheets_and_are_one_catalogue() -> None:
    toyota, kyoto, buyer, seller = wholesaler(2_000)
    sheets = publish(kyoto, seller, buyer)
    assert 3 <= sheets <= 6
    kyoto.send_all(toyota)
    found = toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, TODAY))
    assert len(found.items) == 2_000
    assert len(found.documents) == sheets
    assert found.items[7].price == Price(value=Scaled(4807))


def test_long_descriptions_make_more_sheets_and_too_many_are_refused() -> None:
    sheets = sharing.sheets_of(items.offer(item) for item in stock(600, "長" * 600))
    assert len(sheets) >= 5
    assert sum(len(sheet) for sheet in sheets) == 600
    with pytest.raises(CallerFault):
        sharing.sheets_of(items.offer(item) for item in stock(1_000, "長" * 4_000))


def test_asked_answered_renewed_and_withdrawn() -> None:
    toyota, kyoto, buyer, seller = wholesaler()
    toyota.do(lambda tx: sharing.ask(toyota.house, tx, buyer, seller, TODAY, words="紙袋"))
    toyota.send_all(kyoto)
    (listed,) = kyoto.see(lambda tx: sharing.listed(tx, seller, mine=True))
    assert (listed.row.state, listed.row.asked, listed.policy) == ("asked", 1, "by_hand")
    with pytest.raises(NotFound):
        toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, TODAY))
    publish(kyoto, seller, buyer)
    kyoto.send_all(toyota)
    first = toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, TODAY))
    assert first.thread == listed.row.thread
    publish(kyoto, seller, buyer, "2026-10-06", validity=Period(start="2027-01-01"))
    kyoto.send_all(toyota)
    assert toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, TODAY)) == first
    assert toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, "2027-01-01")).edition != first.edition
    kyoto.do(lambda tx: sharing.withdraw(kyoto.house, tx, seller, buyer, "2026-10-07"))
    kyoto.send_all(toyota)
    with pytest.raises(NotFound):
        toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, TODAY))
    (mine,) = toyota.see(lambda tx: sharing.listed(tx, buyer, mine=False))
    assert mine.row.state == "withdrawn"
    with pytest.raises(NotFound):
        kyoto.do(lambda tx: sharing.withdraw(kyoto.house, tx, seller, buyer, "2026-10-07"))


def test_the_node_answers_for_those_for_whom_it_may() -> None:
    toyota, kyoto, buyer, seller = wholesaler()
    other = toyota.enrol("ぶんぶく商店")
    kyoto.learn_from(toyota)
    kyoto.do(lambda tx: sharing.set_policy(kyoto.house, tx, seller, buyer, AUTOMATIC))
    for member in (buyer, other):
        toyota.do(lambda tx, m=member: sharing.ask(toyota.house, tx, m, seller, TODAY))
    toyota.send_all(kyoto)
    (row,) = kyoto.see(sharing.left_to_the_node)
    assert row.partner == buyer
    kyoto.do(lambda tx: sharing.answer(kyoto.house, tx, row, TODAY))
    assert kyoto.see(sharing.left_to_the_node) == []
    kyoto.do(lambda tx: sharing.set_policy(kyoto.house, tx, seller, other, NEVER))
    (row,) = kyoto.see(sharing.left_to_the_node)
    kyoto.do(lambda tx: sharing.answer(kyoto.house, tx, row, TODAY))
    kyoto.send_all(toyota)
    assert len(toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, TODAY)).items) == 3
    with pytest.raises(NotFound):
        toyota.see(lambda tx: sharing.offered_by(tx, other, seller, TODAY))


def test_what_cannot_be_answered_is_left_to_people_and_not_tried_for_ever() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    kyoto.do(lambda tx: sharing.set_policy(kyoto.house, tx, seller, buyer, AUTOMATIC))
    toyota.do(lambda tx: sharing.ask(toyota.house, tx, buyer, seller, TODAY))
    toyota.send_all(kyoto)
    (row,) = kyoto.see(sharing.left_to_the_node)
    with pytest.raises(CallerFault):
        kyoto.do(lambda tx: sharing.answer(kyoto.house, tx, row, TODAY))
    kyoto.do(lambda tx: sharing.leave_to_people(tx, row))
    assert kyoto.see(sharing.left_to_the_node) == []


def test_a_full_thread_is_withdrawn_and_another_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    toyota, kyoto, buyer, seller = wholesaler()
    monkeypatch.setattr(sharing, "MAX_CATALOGUE_DOCUMENTS", 3)
    for day in range(1, 6):
        publish(kyoto, seller, buyer, f"2026-10-{day:02}")
    kyoto.send_all(toyota)
    rows = [one.row for one in toyota.see(lambda tx: sharing.listed(tx, buyer, mine=False))]
    assert sorted(row.state for row in rows) == ["offered", "withdrawn", "withdrawn"]
    assert toyota.see(lambda tx: sharing.offered_by(tx, buyer, seller, TODAY)).edition.endswith("-005")


# ---------------------------------------------------------------------- partners are kept apart

RATES = {"first": 85, "second": 60}


def two_partners() -> tuple[Association, bytes, bytes, bytes, bytes]:
    """One association with a seller, two of its partners and a firm that has nothing to do with it."""
    kyoto = Association("京都")
    seller, first, second, stranger = (kyoto.enrol(name) for name in ("わらしべ商会", "鶴織物", "花咲堂", "桃の里商店"))
    kyoto.do(lambda tx: items.put(kyoto.house, tx, seller, stock(5)))
    for partner, rate in ((first, RATES["first"]), (second, RATES["second"])):
        agreed = PartnerTerms(rate=Scaled(rate), note=f"rate {rate}")
        kyoto.do(lambda tx, p=partner, a=agreed: terms.put(kyoto.house, tx, seller, p, a))
        kyoto.do(lambda tx, p=partner: sharing.publish(kyoto.house, tx, seller, p, TODAY))
    kyoto.do(lambda tx: items.put_prices(kyoto.house, tx, seller, second, {"P-0001": OwnPrice(price=Scaled(1))}))
    kyoto.do(lambda tx: sharing.publish(kyoto.house, tx, seller, second, TODAY))
    return kyoto, seller, first, second, stranger


def quote(kyoto: Association, seller: bytes, partner: bytes, price: int) -> bytes:
    """A quotation of its own for one partner, with a price talk beside it; its thread."""
    source = order("-", price=price)
    offer = Quotation(
        number=f"Q-{price}", issue_date=TODAY, currency="JPY", buyer=source.buyer, seller=source.seller,
        lines=source.lines,
    )  # fmt: skip
    thread = kyoto.submit(seller, Submission(partner, offer))[0].thread
    kyoto.do(lambda tx: talking.say(kyoto.house, tx, seller, thread, f"単価 {price}", TODAY, kind="price_talk"))
    return thread


def everything_seen(kyoto: Association, member: bytes, seller: bytes, theirs: bytes) -> dict[str, object]:
    """All that a member can ask about its own business and about somebody else's thread ``theirs``."""

    def tried(work: object) -> object:
        try:
            return kyoto.see(work)  # type: ignore[arg-type]
        except (NotFound, CallerFault) as fault:
            return type(fault).__name__, str(fault)

    return {
        "catalogue": tried(lambda tx: sharing.offered_by(tx, member, seller, TODAY)),
        "catalogues": tried(lambda tx: sharing.listed(tx, member, mine=False)),
        "books": tried(lambda tx: books.search(tx, member, Asked(), 500)),
        "totals": tried(lambda tx: books.totals(tx, member, Asked())),
        "owed": tried(lambda tx: books.due(tx, member, TODAY, receivable=False)),
        "months": tried(lambda tx: books.monthly(tx, member, "", "", receivable=False)),
        "talks": tried(lambda tx: talking.log(tx, member)),
        "talks there": tried(lambda tx: talking.log(tx, member, thread=theirs)),
        "terms": tried(lambda tx: terms.of(tx, member, seller)),
        "items": tried(lambda tx: items.search(tx, member)),
        "prices": tried(lambda tx: items.prices(tx, member, seller)),
        "policies": tried(lambda tx: sharing.policies(tx, member)),
        "corrections": tried(lambda tx: books.corrections(tx, member, theirs)),
        "notice": tried(lambda tx: payments.notice(tx, member, theirs)),
        "bill": tried(lambda tx: books.bill_of(tx, member, theirs, "invoice", "IN-1")),
        "found": tried(lambda tx: searching.search(tx, member, Filters(text="風呂敷"), 50)),
    }


def test_a_partner_sees_its_own_prices_and_nothing_of_another() -> None:
    kyoto, seller, first, second, stranger = two_partners()
    assert [
        kyoto.see(lambda tx, p=partner: sharing.offered_by(tx, p, seller, TODAY)).items[1].price
        for partner in (first, second)
    ] == [Price(value=Scaled(4080)), Price(value=Scaled(1))]
    sheets = kyoto.see(lambda tx: sharing.offered_by(tx, first, seller, TODAY)).documents
    for document in sheets:
        paper = dealings.paper_of(kyoto.see(lambda tx, d=document: tx.documents.full(d)))  # type: ignore[arg-type]
        assert isinstance(paper, Catalogue)
        assert paper.buyer.name == "鶴織物"
        assert "花咲堂" not in repr(paper)
    quote(kyoto, seller, first, 900)
    before = {member: everything_seen(kyoto, member, seller, b"?" * 32) for member in (first, stranger)}
    theirs = quote(kyoto, seller, second, 800)
    kyoto.do(lambda tx: items.put_prices(kyoto.house, tx, seller, second, {"P-0002": OwnPrice(price=Scaled(2))}))
    kyoto.do(lambda tx: sharing.publish(kyoto.house, tx, seller, second, "2026-10-06"))
    for member, seen in before.items():
        after = everything_seen(kyoto, member, seller, theirs)
        assert after == seen, "what another partner was offered shows, or a foreign id answers unlike an unknown one"


def test_numbers_of_a_partners_papers_tell_nothing_of_how_many_others_got() -> None:
    """A running number over all partners would: it counts what the seller wrote between two of one's own."""
    kyoto, seller, first, second, _ = two_partners()
    one = kyoto.do(lambda tx: sharing.publish(kyoto.house, tx, seller, first, TODAY))
    for _ in range(3):
        kyoto.do(lambda tx: sharing.publish(kyoto.house, tx, seller, second, TODAY))
    other = kyoto.do(lambda tx: sharing.publish(kyoto.house, tx, seller, first, TODAY))
    numbers = [
        kyoto.see(lambda tx, d=done: tx.documents.full(d.submitted[0].id)).row.business_key  # type: ignore[union-attr]
        for done in (one, other)
    ]
    assert [number.rsplit("-", 1)[1] for number in numbers] == ["002", "003"]


def test_it_takes_no_longer_to_be_refused_what_exists_than_what_does_not() -> None:
    """Foreign and unknown threads take the same way through the code; the margin is for a busy machine."""
    kyoto, seller, _, second, stranger = two_partners()
    theirs = quote(kyoto, seller, second, 800)

    def taken(thread: bytes) -> float:
        times = []
        for _ in range(60):
            began = time.perf_counter()
            everything_seen(kyoto, stranger, seller, thread)
            times.append(time.perf_counter() - began)
        return median(times)

    for _ in range(5):
        foreign, unknown = taken(theirs), taken(b"?" * 32)
        if abs(foreign - unknown) < 0.25 * unknown:
            return
    pytest.fail(f"{foreign * 1e3:.2f} ms for what exists, {unknown * 1e3:.2f} ms for what does not")
