"""Grants, reports, proposals between two associations: what goes out, what stops, what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from node.services import dealings, items, reading, sharing
from node.services.supplying import goods, grants, proposing, reporting, sold, weeks
from node.services.supplying.reporting import Report
from node.services.trade import Outcome, Submission
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Item, Order, OrderLine, Price, Scaled
from tests.node.services.town import Association, order, two_towns

JAN, OTHER_JAN = "2900000401013", "4901234567894"
TODAY = "2025-10-13"  # a Monday; the towns' clocks stand in October 2025
FIRST, LAST = "2025-W40", "2025-W41"


class Pair:
    """A shop in one town, its supplier in another, with a catalogue."""

    def __init__(self) -> None:
        self.shop_town, self.maker_town, self.shop, self.maker = two_towns()
        stock = [
            items.OwnItem(
                number="P-2", name="抹茶あめ", gtin=JAN, unit="BX", price=Scaled(2400), pack_size=Scaled(10),
                lead_days=7, minimum=Scaled(1),
            ),
            items.OwnItem(number="P-3", name="羊羹", unit="H87", price=Scaled(500)),
        ]  # fmt: skip
        town, maker, shop = self.maker_town, self.maker, self.shop
        town.do(lambda tx: items.put(town.house, tx, maker, stock))
        town.do(lambda tx: sharing.publish(town.house, tx, maker, shop, TODAY))
        self.exchange()
        self.shop_town.do(lambda tx: grants.set_area(tx, self.shop, "", "26104"))

    def exchange(self) -> None:
        self.maker_town.send_all(self.shop_town)
        self.shop_town.send_all(self.maker_town)

    def grant(self, *, prices: bool = False, stores: bool = False, since: str = "2025-01-01") -> None:
        town = self.shop_town
        town.do(
            lambda tx: grants.grant(town.house, tx, self.shop, self.maker, since, "owner", prices=prices, stores=stores)
        )

    def asked(self) -> reporting.Asked:
        return self.shop_town.see(lambda tx: reporting.asked(tx, self.shop, self.maker, date.fromisoformat(TODAY)))

    def reports(self, *rows: Sequence[Any], wanted: Sequence[str] = (FIRST, LAST)) -> list[Report]:
        places = self.shop_town.see(lambda tx: grants.areas(tx, self.shop))
        return reporting.reports(self.asked(), rows, wanted, places)

    def send(self, found: list[Report]) -> Outcome | None:
        town = self.shop_town
        done = town.do(lambda tx: reporting.send(town.house, tx, self.shop, self.maker, found, TODAY))
        self.exchange()
        return done

    def seen(self) -> sold.Seen:
        return self.maker_town.see(lambda tx: sold.seen(tx, self.maker, (FIRST, LAST)))

    def propose(self, quantity: int = 3, number: str = "P-2") -> bytes:
        town = self.maker_town

        def work(tx: Any) -> Outcome:
            line = proposing.line_of(tx, self.maker, number, Scaled(quantity), "もうすぐ品切れ")
            return proposing.propose(town.house, tx, self.maker, self.shop, [line], "2025-10-31", TODAY)

        done = town.do(work)
        self.exchange()
        return done.submitted[0].id


def row(week: str, count: int, *, jan: str = JAN, store: str = "本店", tax: str = "in", amount: int = 0) -> list[Any]:
    return [week, store, jan, "", "C62", tax, count * 1000, amount or count * 240]


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_a_week_goes_out_without_prices_and_stores_and_is_told(pair: Pair) -> None:
    pair.grant()
    done = pair.send(pair.reports(row(FIRST, 12), row(FIRST, 3, store="駅前店"), row(LAST, 5)))
    assert done is not None
    assert len(done.submitted) == 2
    seen = pair.seen()
    assert (seen.weeks, seen.shops, dict(seen.areas)) == ((FIRST, LAST), (1, 1), {"26104": (1, 1)})
    (item,) = seen.items
    assert (item.key, item.name, item.unit, item.by_week) == ("P-2", "抹茶あめ", "C62", (15_000, 5_000))
    told = pair.shop_town.see(lambda tx: grants.told(tx, pair.shop))
    assert [(one.row.week, one.row.lines, one.row.prices) for one in told] == [(LAST, 1, False), (FIRST, 1, False)]
    paper = sold.paper_of(pair.maker_town.see(lambda tx: tx.grants.weeks(pair.maker, FIRST, mine=True))[0])
    assert paper is not None
    assert paper.currency == ""
    assert [(area.area, area.store) for area in paper.areas] == [("26104", "")]
    assert all(line.amount is None for area in paper.areas for line in area.lines)
    thread = done.submitted[0].thread
    for town, member in ((pair.shop_town, pair.shop), (pair.maker_town, pair.maker)):
        assert town.see(lambda tx: dealings.fold_replenishment(tx, thread)).state.state.value == "reported"
        assert town.see(lambda tx, m=member: tx.threads.get(m, thread)) is None


def test_only_what_says_something_else_goes_out_again(pair: Pair) -> None:
    pair.grant()
    pair.send(pair.reports(row(FIRST, 12), row(LAST, 5)))
    assert pair.send(pair.reports(row(FIRST, 12), row(LAST, 5))) is None
    again = pair.send(pair.reports(row(FIRST, 11), row(LAST, 5)))
    assert again is not None
    assert len(again.submitted) == 1
    assert pair.seen().items[0].by_week == (11_000, 5_000)
    folded = pair.maker_town.see(lambda tx: dealings.fold_replenishment(tx, again.submitted[0].thread)).state
    assert [one.week for one in folded.weeks] == [FIRST, LAST]


def test_prices_and_stores_where_they_are_granted(pair: Pair) -> None:
    pair.grant(prices=True, stores=True)
    found = pair.reports(row(FIRST, 12), row(FIRST, 2, store="駅前店", tax="out"), row(LAST, 1, tax="out"))
    first, last = found
    assert [(area.store, area.lines[0].amount) for area in first.areas] == [("本店", 2880), ("駅前店", None)]
    assert (first.tax_included, last.tax_included, last.areas[0].lines[0].amount) == (True, False, 240)


def test_revoking_stops_what_was_prepared(pair: Pair) -> None:
    pair.grant()
    found = pair.reports(row(FIRST, 12))
    town = pair.shop_town
    town.do(lambda tx: grants.revoke(town.house, tx, pair.shop, pair.maker, "owner"))
    with pytest.raises(NotFound):
        pair.send(found)
    with pytest.raises(NotFound):
        pair.asked()
    assert town.see(grants.active) == []
    assert pair.seen().items == ()
    with pytest.raises(NotFound):
        town.do(lambda tx: grants.revoke(town.house, tx, pair.shop, pair.maker, "owner"))


def test_what_was_bought_from_somebody_else_is_nobody_elses(pair: Pair) -> None:
    """A supplier puts another maker's JAN into its catalogue."""
    found = pair.shop_town.see(lambda tx: goods.of(tx, pair.shop, pair.maker, TODAY))
    assert found.gtins == {goods.padded(JAN)}
    other = pair.shop_town.enrol("よその問屋")
    bought = order("PO-9")
    line = OrderLine(
        line_id="1", item=Item(name="抹茶あめ", gtin=JAN, seller_id="X", buyer_id="77"), quantity=Scaled(1), unit="H87",
        price=Price(value=Scaled(240)), amount=240,
    )  # fmt: skip
    paper = Order(
        number="PO-9", issue_date=TODAY, currency="JPY", buyer=bought.buyer, seller=bought.seller, lines=(line,)
    )
    pair.shop_town.submit(pair.shop, Submission(other, paper))
    assert pair.shop_town.see(lambda tx: goods.of(tx, pair.shop, pair.maker, TODAY)).gtins == frozenset()
    theirs = pair.shop_town.see(lambda tx: goods.of(tx, pair.shop, other, TODAY))
    assert (theirs.gtins, theirs.own) == ({goods.padded(JAN)}, {"77": "X"})


def test_a_store_without_an_area_is_asked_for(pair: Pair) -> None:
    pair.grant()
    with pytest.raises(CallerFault) as refused:
        reporting.reports(pair.asked(), [row(FIRST, 1)], [FIRST], {"駅前店": "26104"})
    assert refused.value.field == "area"
    with pytest.raises(CallerFault):
        pair.shop_town.do(lambda tx: grants.set_area(tx, pair.shop, "本店", "99"))
    pair.shop_town.do(lambda tx: grants.set_area(tx, pair.shop, "本店", "27"))
    (found,) = pair.reports(row(FIRST, 1), wanted=[FIRST])
    assert [area.area for area in found.areas] == ["27"]


def test_weeks_that_are_over(pair: Pair) -> None:
    pair.grant(since="2025-09-30")  # a Tuesday: the week began before
    asking, today = pair.asked(), date.fromisoformat(TODAY)
    seen = [("2025-W40", "2025-10-05"), (LAST, "2025-10-11"), ("2025-W42", "2025-10-13")]
    assert reporting.closed(seen, asking, today, now=True) == [LAST]
    assert reporting.closed(seen[:2], asking, today, now=False) == []  # Sunday's sales may still come
    assert reporting.closed(seen, asking, today, now=False) == [LAST]
    assert (weeks.before("2026-W01", 1), weeks.half_of("2026-W26"), weeks.half_of("2026-W27")) == (
        "2025-W52", "2026-1", "2026-2",
    )  # fmt: skip


def test_each_half_year_has_its_thread(pair: Pair) -> None:
    pair.grant()
    done = pair.send([Report(week, (), False) for week in ("2025-W26", "2025-W27", "2025-W40")])
    assert done is not None
    threads = [one.thread for one in done.submitted]
    assert threads[1] == threads[2] != threads[0]


def test_a_full_thread_gives_way_to_another(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "MAX_REPLENISHMENT_DOCUMENTS", reporting.SPARE + 1)
    pair.grant()
    first = pair.send(pair.reports(row(FIRST, 12), wanted=[FIRST]))
    second = pair.send(pair.reports(row(FIRST, 10), wanted=[FIRST]))
    assert first is not None
    assert second is not None
    assert first.submitted[0].thread != second.submitted[0].thread
    assert pair.seen().items[0].by_week == (10_000, 0)


def test_a_proposal_is_suggested_and_ordered_with_one_step(pair: Pair) -> None:
    pair.grant()
    pair.send(pair.reports(row(FIRST, 30), row(LAST, 40)))
    (line,) = pair.maker_town.see(lambda tx: proposing.suggested(tx, pair.maker, pair.shop, (FIRST, LAST)))
    # 35 pieces a week for 14 days, ten to the box
    assert (line.number, line.unit, line.weekly, line.under_way, line.quantity) == ("P-2", "BX", 35_000, 0, 7)
    document = pair.propose(line.quantity)
    (shown,) = pair.shop_town.see(lambda tx: proposing.listed(tx, pair.shop, mine=False, open_only=True))
    assert (shown.id, shown.partner, shown.state) == (document, pair.maker, "open")
    town = pair.shop_town
    made = town.do(lambda tx: proposing.order(town.house, tx, pair.shop, document, TODAY))
    pair.exchange()
    folded = pair.maker_town.see(lambda tx: dealings.fold(tx, made.thread)).state
    assert folded.order is not None
    (wanted,) = folded.order.lines
    assert (wanted.item.seller_id, wanted.quantity, wanted.unit, wanted.amount) == ("P-2", Scaled(7), "BX", 16_800)
    assert folded.order.references[-1].document == document.hex()
    (mine,) = pair.maker_town.see(lambda tx: proposing.listed(tx, pair.maker, mine=True))
    assert (mine.state, mine.order) == ("ordered", made.number)
    (line,) = pair.maker_town.see(lambda tx: proposing.suggested(tx, pair.maker, pair.shop, (FIRST, LAST)))
    assert (line.under_way, line.quantity) == (7 * 10**9, 0)
    with pytest.raises(CallerFault, match="does not wait"):
        town.do(lambda tx: proposing.order(town.house, tx, pair.shop, document, TODAY))


def test_a_proposal_is_declined(pair: Pair) -> None:
    pair.grant()
    pair.send(pair.reports(row(FIRST, 30)))
    document = pair.propose()
    town = pair.shop_town
    town.do(lambda tx: proposing.decline(town.house, tx, pair.shop, document, TODAY, reason="在庫あり"))
    pair.exchange()
    (mine,) = pair.maker_town.see(lambda tx: proposing.listed(tx, pair.maker, mine=True))
    assert (mine.state, mine.order) == ("declined", "")


def test_what_cannot_be_ordered_leaves_nothing_behind(pair: Pair) -> None:
    pair.grant()
    pair.send(pair.reports(row(FIRST, 30)))
    document = pair.propose()
    town = pair.shop_town
    with pytest.raises(CallerFault, match="was valid until"):
        town.do(lambda tx: proposing.order(town.house, tx, pair.shop, document, "2025-11-01"))
    pair.maker_town.do(lambda tx: sharing.withdraw(pair.maker_town.house, tx, pair.maker, pair.shop, TODAY))
    pair.exchange()
    with pytest.raises(CallerFault, match="not in the supplier's catalogue"):
        town.do(lambda tx: proposing.order(town.house, tx, pair.shop, document, TODAY))
    assert town.see(lambda tx: reading.names_of(tx, [pair.maker]))
    assert town.see(lambda tx: tx.threads.latest(pair.shop, 10)) == []
    (shown,) = town.see(lambda tx: proposing.listed(tx, pair.shop, mine=False))
    assert shown.state == "open"


def test_nobody_proposes_to_whom_does_not_report(pair: Pair) -> None:
    with pytest.raises(NotFound):
        pair.propose()


def test_somebody_elses_proposal_is_not_found(pair: Pair) -> None:
    pair.grant()
    pair.send(pair.reports(row(FIRST, 30)))
    document = pair.propose()
    stranger = pair.shop_town.enrol("よその店")
    with pytest.raises(NotFound):
        pair.shop_town.see(lambda tx: proposing.find(tx, stranger, document))
    town: Association = pair.maker_town
    with pytest.raises(CallerFault):
        town.do(lambda tx: proposing.order(town.house, tx, pair.maker, document, TODAY))


def test_a_grant_is_to_somebody_known_from_a_day(pair: Pair) -> None:
    town = pair.shop_town
    with pytest.raises(CallerFault) as refused:
        pair.grant(since="2025-13-01")
    assert refused.value.field == "since"
    for partner in (pair.shop, b"\7" * 32):
        with pytest.raises(NotFound):
            town.do(
                lambda tx, p=partner: grants.grant(
                    town.house, tx, pair.shop, p, TODAY, "owner", prices=False, stores=False
                )
            )
