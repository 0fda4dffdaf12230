"""From the sales of a week to a report that is signed and sent: what goes out, in which thread, and that it is told.

Owns what a report says under a grant. The sales come as rows of the reading process (:mod:`node.supplying`); the grant
is asked again in the transaction that signs, so that revoking stops at once. Source: ADR 0057.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from node.services import trade
from node.services.desk import numbering
from node.services.desk.parties import party_of
from node.services.house import House
from node.services.supplying import goods, grants, weeks
from node.services.supplying.goods import Goods
from node.services.trade import Outcome, Submission
from node.store import GrantRow, ToldRow, Tx
from protocol import canon
from protocol.errors import CallerFault
from protocol.limits import MAX_REPLENISHMENT_DOCUMENTS
from protocol.process.trade.papers import SalesReport, SoldArea, SoldLine, encode

HORIZON_WEEKS: Final = 26  # how far back a correction is told
GRACE_DAYS: Final = 3  # a week of which no later sales have come is told when so many days have gone by
SPARE: Final = 8  # papers of a thread that are left for proposals and answers

#: Sums by week, store, item, unit and tax. ``seen``: weeks in which the shop sold anything, and its last day.
SOLD: Final = (
    "SELECT strftime(day, '%G-W%V') AS week, store, coalesce(jan, '') AS jan, coalesce(item, '') AS item, unit, tax,"
    " sum(quantity)::BIGINT, sum(amount)::BIGINT FROM sales WHERE NOT void AND member = $member AND day >= $first"
    " AND day < $end AND (list_contains($gtins, lpad(jan, 14, '0')) OR list_contains($own, item))"
    " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6"
)
SEEN: Final = (
    "SELECT strftime(day, '%G-W%V') AS week, max(day) FROM sales"
    " WHERE member = $member AND day >= $first GROUP BY 1 ORDER BY 1"
)


class Asked(NamedTuple):
    """What has to be read for a grant: its goods, and the days from ``first`` to before ``end``."""

    grant: GrantRow
    goods: Goods
    first: date
    end: date

    def values(self) -> dict[str, Any]:
        """The parameters of :data:`SOLD`."""
        return {
            "member": self.grant.member.hex(), "first": self.first.isoformat(), "end": self.end.isoformat(),
            "gtins": sorted(self.goods.gtins), "own": sorted(self.goods.own),
        }  # fmt: skip


class Report(NamedTuple):
    """A week as it would go out."""

    week: str
    areas: tuple[SoldArea, ...]
    tax_included: bool


def asked(tx: Tx, member: bytes, partner: bytes, today: date) -> Asked:
    """What to read for ``partner``. NotFound where nothing is granted."""
    row = grants.in_force(tx, member, partner)
    end = weeks.monday(weeks.week_of(today))
    first = max(date.fromisoformat(row.since), end - timedelta(weeks=HORIZON_WEEKS))
    return Asked(row, goods.of(tx, member, partner, today.isoformat()), first, end)


def closed(seen: Sequence[Sequence[Any]], asking: Asked, today: date, *, now: bool) -> list[str]:
    """The weeks that can be told: over, with sales of anything in them, and (unless ``now``) with sales after them or
    some days of grace, since registers bring the last day late."""
    last = max((str(day) for _, day in seen), default="")
    found = []
    for week, _ in seen:
        first = weeks.monday(week)
        sunday = first + timedelta(days=6)
        late = today - sunday > timedelta(days=GRACE_DAYS)
        if asking.first <= first < asking.end and (now or late or last > sunday.isoformat()):
            found.append(str(week))
    return found


def reports(
    asking: Asked, rows: Iterable[Sequence[Any]], wanted: Iterable[str], places: Mapping[str, str]
) -> list[Report]:
    """The weeks ``wanted`` as they go out under the grant. CallerFault where the area of a store is not known."""
    by_week: dict[str, list[Sequence[Any]]] = {week: [] for week in wanted}
    for row in rows:
        if row[0] in by_week:
            by_week[row[0]].append(row)
    return [_report(asking, week, found, places) for week, found in sorted(by_week.items())]


def _report(asking: Asked, week: str, rows: Iterable[Sequence[Any]], places: Mapping[str, str]) -> Report:
    sums: dict[tuple[str, str], dict[tuple[str, str, str], dict[str, list[int]]]] = {}
    for _, store, jan, item, unit, tax, quantity, amount in rows:
        area = places.get(store) or places.get("")
        if not area:
            raise CallerFault("area", "say in which municipality the store is: on the card, or for the store")
        known = (jan, "") if jan and goods.padded(jan) in asking.goods.gtins else ("", asking.goods.own[item])
        lines = sums.setdefault((area, store if asking.grant.stores else ""), {})
        by_tax = lines.setdefault((*known, unit), {}).setdefault(tax or "", [0, 0])
        by_tax[0] += quantity
        by_tax[1] += amount
    included = any("in" in taxes for lines in sums.values() for taxes in lines.values())
    areas = tuple(
        SoldArea(
            area=area,
            store=store,
            lines=tuple(_line(key, taxes, asking.grant.prices, included) for key, taxes in sorted(lines.items())),
        )
        for (area, store), lines in sorted(sums.items())
    )
    return Report(week, areas, included and asking.grant.prices)


def _line(key: tuple[str, str, str], taxes: Mapping[str, list[int]], prices: bool, included: bool) -> SoldLine:
    """Amounts only where all of an item's are with tax, or all without, as the report says."""
    gtin, number, unit = key
    alike = all((tax == "in") == included for tax in taxes)
    return SoldLine(
        gtin=gtin,
        seller_id=number,
        unit=unit,
        sold=sum(one[0] for one in taxes.values()),
        amount=sum(one[1] for one in taxes.values()) if prices and alike else None,
    )


def digest(report: Report) -> bytes:
    """What tells whether a week says something else than before."""
    parts = tuple(encode(area) for area in report.areas)
    return canon.digest(canon.encode((report.week, int(report.tax_included), parts)))


def send(house: House, tx: Tx, member: bytes, partner: bytes, found: Sequence[Report], today: str) -> Outcome | None:
    """Sign and send the weeks that say something else than what was told of them; None if none does.

    NotFound where the grant was revoked meanwhile. A week that was never told and in which nothing of the supplier's
    goods was sold is told too: that is something to know.
    """
    granted = grants.in_force(tx, member, partner)
    first = min((report.week for report in found), default="")
    before = {row.week: row.digest for row in tx.grants.told_to(member, partner, first)}
    new = [(report, said) for report in found if before.get(report.week) != (said := digest(report))]
    submitted: list[trade.Submitted] = []
    news: frozenset[bytes] = frozenset()
    for report, said in new:
        thread = _thread(tx, member, partner, report.week)
        paper = _paper(tx, member, partner, report, today)
        done = trade.submit(house, tx, member, [Submission(partner, paper, thread=thread)])
        submitted += done.submitted
        news |= done.news
        count = sum(len(area.lines) for area in report.areas)
        told = ToldRow(
            member, done.submitted[0].id, partner, report.week, said, count, granted.prices, granted.stores,
            house.clock(),
        )  # fmt: skip
        tx.grants.tell([told])
    return Outcome(submitted, news) if submitted else None


def _paper(tx: Tx, member: bytes, partner: bytes, report: Report, today: str) -> SalesReport:
    money = any(line.amount is not None for area in report.areas for line in area.lines)
    return SalesReport(
        number=numbering.next_number(tx, member, "sales_report", today, partner=partner),
        issue_date=today,
        currency="JPY" if money else "",
        buyer=party_of(tx, member),
        seller=party_of(tx, partner),
        week=report.week,
        areas=report.areas,
        tax_included=report.tax_included and money,
    )


def _thread(tx: Tx, member: bytes, partner: bytes, week: str) -> bytes:
    """The thread to write in: that which holds the week, else one of its half year, while it has room; else new."""
    room = {
        row.thread: row.documents < MAX_REPLENISHMENT_DOCUMENTS - SPARE
        for row in tx.grants.threads_with(member, partner)
        if not row.mine
    }
    rows = [row for row in tx.grants.weeks_with(member, partner, "") if not row.mine and room.get(row.thread)]
    same = [row.thread for row in rows if row.week == week]
    half = [row.thread for row in rows if weeks.half_of(row.week) == weeks.half_of(week)]
    return (same or half or [b""])[-1]
