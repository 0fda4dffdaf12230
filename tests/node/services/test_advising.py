"""Advice in sentences: what is missing, how late, what is unanswered; never a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from node import i18n
from node.services import advising, talking
from node.services.advising import MISSING, NOT_JUDGED
from protocol.errors import NotFound
from protocol.process.trade.advice import TEXTS
from protocol.process.trade.papers import (
    Delivery,
    Inspection,
    Invoice,
    Location,
    Order,
    Party,
    PaymentMeans,
    PaymentTerms,
    Period,
    Price,
    Scaled,
)
from tests.node.services.october import order, start
from tests.node.services.town import Association, two_towns
from tests.protocol.process.dealings import billing


def complete(due: str = "2026-12-25", means: tuple[PaymentMeans, ...] = ()) -> Order:
    return order(
        "PO-1",
        delivery=Delivery(period=Period(end="2026-10-27"), location=Location(name="本社")),
        inspection=Inspection(days_after_receipt=5),
        terms=PaymentTerms(due_date=due, means=means),
    )


def sentences(paper: object) -> list[str]:
    return [note.sentence(str) for note in advising.of_paper(paper)]  # type: ignore[arg-type]


def test_a_complete_order_gets_no_advice() -> None:
    assert sentences(complete()) == []


def test_what_an_order_statement_lacks_is_one_sentence() -> None:
    (note,) = advising.of_paper(order("PO-1", delivery=complete().delivery))
    assert note.missing == (MISSING["order.inspection"], MISSING["order.due_date"])
    assert note.fields == ("inspection.completion_date", "terms.due_date")
    assert note.sentence(str).endswith(NOT_JUDGED)


def test_day_sixty_six() -> None:
    """The demo's second dealing: delivered on 27 October, due on 31 December."""
    (note,) = advising.of_paper(complete("2026-12-31"))
    assert note.values == {"due": "2026-12-31", "day": 66, "latest": "2026-12-25"}
    assert "day 66" in note.sentence(str)
    assert "【2026-12-25】" in note.sentence(str, lambda day: f"【{day}】")


def test_no_promissory_notes() -> None:
    assert advising.NOTE in sentences(complete(means=(PaymentMeans(method="promissory_note"),)))[0]


def test_an_invoice_without_a_registration_number() -> None:
    bill = Invoice(**{**billing("I-1", {"1": 1}), "seller": Party(name="花咲堂")})
    (note,) = advising.of_paper(bill)
    assert note.sentence(str) == advising.BILLS["invoice.registration_number"]
    assert not note.is_toriteki


def test_every_text_of_the_protocol_has_a_sentence() -> None:
    known = {*MISSING, *advising.BILLS, "order.due_date_late", "order.promissory_note", "order.settlement_late"}
    assert known == set(TEXTS)


@pytest.mark.parametrize("name", ["INCOMPLETE", "TOO_LATE", "NOTE", "UNANSWERED", "NOT_JUDGED"])
def test_the_sentences_are_japanese_as_the_pages_have_them(name: str) -> None:
    say = i18n.translations("ja").gettext
    text = getattr(advising, name)
    assert say(text) != text
    assert name == "NOT_JUDGED" or say(text).startswith("取適法の助言:")


def test_a_price_talk_waits_until_the_other_side_has_spoken() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = start(toyota, kyoto, buyer, seller, order("PO-1"))

    def say(town: Association, member: bytes, text: str, day: str, **more: Any) -> None:
        town.do(lambda tx: talking.say(town.house, tx, member, thread, text, day, kind="price_talk", **more))

    say(kyoto, seller, "材料が上がりました。", "2026-10-06", line_id="1", price=Price(value=Scaled(1200)))
    kyoto.send_all(toyota)
    (note,) = toyota.see(lambda tx: advising.of_dealing(tx, buyer, thread))
    assert note.values == {"day": "2026-10-06"}
    assert toyota.see(lambda tx: advising.of_member(tx, buyer)) == [(thread, note)]
    assert kyoto.see(lambda tx: advising.of_dealing(tx, seller, thread)) == []
    (mine,) = kyoto.see(lambda tx: talking.unanswered(tx, seller, mine=True))
    assert (mine.text, mine.line, mine.price, mine.answered) == (
        "材料が上がりました。", "1", Price(value=Scaled(1200)), False,
    )  # fmt: skip
    say(toyota, buyer, "1,170円ではいかがですか。", "2026-10-07")
    toyota.send_all(kyoto)
    for town, member in ((toyota, buyer), (kyoto, seller)):
        log = town.see(lambda tx, m=member: talking.log(tx, m))
        assert [(talk.day, talk.mine, talk.answered) for talk in log] == [
            ("2026-10-07", member == buyer, False),
            ("2026-10-06", member == seller, True),
        ]
        assert town.see(lambda tx, m=member: talking.log(tx, m, thread=thread)) == log
    assert toyota.see(lambda tx: advising.of_dealing(tx, buyer, thread)) == []


def test_talks_that_crossed_are_both_unanswered() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = start(toyota, kyoto, buyer, seller, order("PO-1"))
    for town, member in ((toyota, buyer), (kyoto, seller)):
        town.do(
            lambda tx, t=town, m=member: talking.say(
                t.house, tx, m, thread, "単価の件", "2026-10-06", kind="price_talk"
            )
        )
    toyota.send_all(kyoto)
    kyoto.send_all(toyota)
    for town, member in ((toyota, buyer), (kyoto, seller)):
        assert [talk.answered for talk in town.see(lambda tx, m=member: talking.log(tx, m))] == [False, False]


def test_notes_are_no_price_talks_and_strangers_hear_nothing() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    thread = start(toyota, kyoto, buyer, seller, order("PO-1"))
    toyota.do(lambda tx: talking.say(toyota.house, tx, buyer, thread, "よろしくお願いします。", "2026-10-06"))
    assert toyota.see(lambda tx: talking.log(tx, buyer)) == []
    other = toyota.enrol("ぶんぶく商店")
    with pytest.raises(NotFound):
        toyota.do(lambda tx: talking.say(toyota.house, tx, other, thread, "?", "2026-10-06"))
