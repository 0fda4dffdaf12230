"""What a supplier sees of the reports that shops sent it: by item, region and week, with how many shops report.

Owns sums over reports. A report of a week that contradicts another is left out until its shop has decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from node.services import items, reading
from node.services.supplying.goods import padded
from node.store import Tx, WeekRow
from protocol.process.trade.papers import SalesReport, decode

WEEKS: Final = 8
Sold = tuple[str, str, str, str]
"""(item, unit, area, week)."""


class Item(NamedTuple):
    """An item in one unit. ``key``: its number, or the GTIN where it is none of the supplier's items; ``number`` is
    empty then. ``by_week``: thousandths; ``by_area``: area → thousandths by week."""

    key: str
    number: str
    name: str
    unit: str
    total: int
    by_week: tuple[int, ...]
    by_area: Mapping[str, tuple[int, ...]]


class Seen(NamedTuple):
    """``weeks`` ascend; ``shops``: how many reported each of them; ``areas``: area → the same for the area;
    ``items``: the most sold first; ``partners``: shop → (name, weeks reported)."""

    weeks: tuple[str, ...]
    shops: tuple[int, ...]
    areas: Mapping[str, tuple[int, ...]]
    items: tuple[Item, ...]
    partners: Mapping[bytes, tuple[str, int]]


def latest(rows: Iterable[WeekRow]) -> dict[tuple[bytes, str], WeekRow]:
    """The report that holds for each shop and week: of several threads the one that was written last."""
    found: dict[tuple[bytes, str], WeekRow] = {}
    for row in rows:
        known = found.get((row.partner, row.week))
        if known is None or (row.time, row.document) >= (known.time, known.document):
            found[row.partner, row.week] = row
    return {place: row for place, row in found.items() if row.document}


def paper_of(row: WeekRow) -> SalesReport | None:
    """The report itself; None where it can no longer be read."""
    paper = decode("sales_report", 1, row.data) if row.data else None
    return paper if isinstance(paper, SalesReport) else None


def seen(tx: Tx, member: bytes, weeks: tuple[str, ...], partner: bytes = b"") -> Seen:
    """What shops (or only ``partner``) reported of ``weeks``, which ascend."""
    rows = tx.grants.weeks(member, weeks[0], mine=True)
    held = {place: row for place, row in latest(rows).items() if partner in (b"", row.partner) and row.week in weeks}
    numbers, names = _own(tx, member)
    sums: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    shops: dict[str, dict[str, set[bytes]]] = {}
    for row in held.values():
        paper = paper_of(row)
        for area in () if paper is None else paper.areas:
            shops.setdefault(area.area, {}).setdefault(row.week, set()).add(row.partner)
            for line in area.lines:
                key = line.seller_id or numbers.get(padded(line.gtin), line.gtin)
                by_week = sums.setdefault((key, line.unit), {}).setdefault(area.area, {})
                by_week[row.week] = by_week.get(row.week, 0) + line.sold
    found = [_item(key, unit, names, by_area, weeks) for (key, unit), by_area in sums.items()]
    counted = tuple(sum(1 for place in held if place[1] == week) for week in weeks)
    by_area = {area: tuple(len(by_week.get(week, ())) for week in weeks) for area, by_week in sorted(shops.items())}
    ordered = tuple(sorted(found, key=lambda one: (-one.total, one.key, one.unit)))
    return Seen(weeks, counted, by_area, ordered, _partners(tx, held))


def _item(
    key: str, unit: str, names: Mapping[str, str], by_area: Mapping[str, Mapping[str, int]], weeks: tuple[str, ...]
) -> Item:
    areas = {area: tuple(sold.get(week, 0) for week in weeks) for area, sold in sorted(by_area.items())}
    by_week = tuple(sum(each) for each in zip(*areas.values(), strict=True))
    return Item(key, key if key in names else "", names.get(key, key), unit, sum(by_week), by_week, areas)


def _partners(tx: Tx, held: Mapping[tuple[bytes, str], WeekRow]) -> dict[bytes, tuple[str, int]]:
    counted: dict[bytes, int] = {}
    for partner, _ in held:
        counted[partner] = counted.get(partner, 0) + 1
    names = reading.names_of(tx, counted)
    return {partner: (names.get(partner, partner.hex()[:12]), count) for partner, count in sorted(counted.items())}


def _own(tx: Tx, member: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """(GTIN as 14 digits → number, number → name) of the supplier's own items."""
    numbers: dict[str, str] = {}
    names: dict[str, str] = {}
    for item in items.all_on_sale(tx, member):
        names[item.number] = item.name
        if item.gtin:
            numbers.setdefault(padded(item.gtin), item.number)
    return numbers, names
