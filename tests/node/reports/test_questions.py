"""The questions, on small random sales, against the same answers worked out in plain Python."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import duckdb
import pytest

from node.reports import questions, rings
from node.reports.asking import Duck

FIRST = dt.date(2026, 9, 28)
WHO = {"member": "m1", "street": "s1", "city": "c1", "company": "k1"}


class Place(NamedTuple):
    member: str
    company: str
    street: str
    city: str
    near: bool
    far: bool


PLACES = (
    Place("m1", "k1", "s1", "c1", True, True),
    Place("m2", "k2", "s1", "c1", True, True),
    Place("m3", "k3", "s1", "c1", True, True),
    Place("m4", "k4", "s2", "c1", True, True),
    Place("m5", "k5", "s1", "c2", True, True),
    Place("m6", "k6", "s3", "c3", False, True),
    Place("m7", "k7", "s1", "c1", True, False),  # in its street only
    Place("m8", "k8", "s1", "c1", False, True),  # beyond its street only
    Place("m9", "k2", "s2", "c1", True, True),  # a branch of k2, which is in the street already
    Place("m10", "k9", "s2", "c1", True, True),  # two branches of one company
    Place("m11", "k9", "s2", "c1", True, True),
    Place("m12", "k1", "s1", "c1", True, True),  # another shop of the asking member's company
    Place("m13", "k13", "s2", "c1", True, False),  # in its own street only, which is another one
)
RINGS = {"m1": 0, "m2": 1, "m3": 1, "m4": 2, "m5": 3, "m6": 3, "m7": 4, "m8": 2, "m10": 2, "m11": 2}
COMPANY = {place.member: place.company for place in PLACES}
FAR = {place.member for place in PLACES if place.far}
MEMBERS = 14  # the last lets nothing count


ITEMS = (*(f"i{number}" for number in range(8)), "#8")


class Line(NamedTuple):
    member: str
    store: str
    day: dt.date
    receipt: str
    item: str
    name: str
    unit: str
    quantity: int
    amount: int


def drawn(seed: int, count: int = 3000) -> list[Line]:
    """Sales of many shops. One item is a code of each shop's own."""
    chance = random.Random(seed)
    return [
        Line(
            f"m{chance.randrange(1, MEMBERS + 1)}",
            f"t{chance.randrange(2)}",
            FIRST + dt.timedelta(days=chance.randrange(-3, 25)),
            str(chance.randrange(2)),
            item := chance.choice(ITEMS),
            f"name of {item}",
            chance.choice(("H87", "H87", "H87", "KGM")),
            chance.choice((-1000, 1000, 1000, 2000, 500)),
            chance.randrange(-200, 900),
        )
        for _ in range(count)
    ]


def ring_of(member: str) -> int | None:
    return RINGS.get(member)


def tables(lines: list[Line]) -> dict[str, dict[str, list[Any]]]:
    """The columns of ``lines`` and ``places``."""
    return {
        "lines": {name: [getattr(line, name) for line in lines] for name in Line._fields},
        "places": {name: [getattr(place, name) for place in PLACES] for name in Place._fields},
    }


class World:
    """The same lines in an engine and as a list."""

    def __init__(self, connection: Any, lines: list[Line]) -> None:
        self.all = lines
        for name, columns in tables(lines).items():
            listed = ", ".join(f"unnest(${column}) AS {column}" for column in columns)
            connection.execute(f"CREATE TABLE {name} AS SELECT {listed}", columns)
        self._engine = Duck(connection)

    def ask(self, question: Callable[..., Any], weeks: int, *, step: int = 7, **more: Any) -> list[Any]:
        """The answer for ``weeks`` periods from FIRST."""
        fixed = {name: more.pop(name) for name in ("own", "limit") if name in more}
        return self._engine.rows(
            question, {"first": FIRST, "end": end(weeks, step), "step": step, **WHO, **more}, **fixed
        )


def end(periods: int, step: int = 7) -> dt.date:
    return FIRST + dt.timedelta(days=periods * step)


@pytest.fixture(params=range(4))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with duckdb.connect() as connection:
        yield World(connection, drawn(request.param))


def cells(sums: dict[tuple[Any, ...], list[tuple[int, int]]], at: int) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """The columns of a cell, of (quantity, amount) of its members; judged by the ``at``-th."""
    made = {}
    for key, members in sums.items():
        counted = [one for one in members if one[at]]
        sizes = sorted((abs(one[at]) for one in counted), reverse=True)
        if counted:
            totals = (sum(one[0] for one in counted), sum(one[1] for one in counted))
            made[key] = (len(counted), *totals, sum(sizes), sizes[0], [*sizes, 0][1])
    return made


def test_one_item_beside_others(world: World) -> None:
    sums: dict[tuple[int, int | None, str | None], list[int]] = defaultdict(lambda: [0, 0])
    for line in world.all:
        if line.item == "i3" and line.unit == "H87" and FIRST <= line.day < end(3):
            total = sums[(line.day - FIRST).days // 7, ring_of(line.member), COMPANY.get(line.member)]
            total[0] += line.quantity
            total[1] += line.amount
    by_cell: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for (period, ring, _), total in sums.items():
        if ring is not None:
            by_cell[period, ring].append((total[0], total[1]))
    expected = sorted((*key, *cell) for key, cell in cells(by_cell, 0).items())
    assert world.ask(questions.beside_others, 3, item="i3", unit="H87") == expected
    assert len({row[1] for row in expected}) == 5

    sellers = Counter(ring for ring, _ in {key[1:] for key in sums} if ring is not None)
    assert dict(world.ask(questions.carriers, 3, item="i3", unit="H87")) == dict(sellers)


def test_best_sellers(world: World) -> None:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    purchases: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for line in world.all:
        if line.member == "m1" and FIRST <= line.day < end(2):
            sums[line.item, line.unit][0] += line.quantity
            sums[line.item, line.unit][1] += line.amount
            purchases[line.item, line.unit].add((line.store, line.day, line.receipt))
    expected = [(*key, f"name of {key[0]}", *total, len(purchases[key])) for key, total in sums.items()]
    expected.sort(key=lambda row: (-int(row[4]), row[0], row[1]))
    assert world.ask(questions.best_sellers, 2, limit=5) == expected[:5]


def test_what_is_sold_elsewhere_only(world: World) -> None:
    inside = [line for line in world.all if FIRST <= line.day < end(1, 2)]
    own = {line.item for line in inside if line.member == "m1"}
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in inside:
        if line.item not in own and not line.item.startswith("#") and ring_of(line.member) is not None:
            sums[line.item, line.unit, line.member][0] += line.quantity
            sums[line.item, line.unit, line.member][1] += line.amount
    by_company: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    worth: Counter[tuple[str, str]] = Counter()
    for (item, unit, member), total in sums.items():
        if total[1] > 0:
            by_company[item, unit, ring_of(member), COMPANY[member]][0] += total[0]
            by_company[item, unit, ring_of(member), COMPANY[member]][1] += total[1]
            worth[item, unit] += total[1]
    by_cell: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for (item, unit, ring, _), (quantity, amount) in by_company.items():
        by_cell[item, unit, ring].append((quantity, amount))
    most = sorted(worth, key=lambda key: (-worth[key], key))[:3]
    found = cells(by_cell, 1)
    expected = [
        (*key, f"name of {key[0]}", worth[key], ring, *found[*key, ring])
        for key in most
        for ring in (1, 2, 3, 4)
        if (*key, ring) in found
    ]
    assert world.ask(questions.sold_elsewhere, 1, step=2, limit=3) == expected
    assert expected


def test_weeks_of_the_strongest_items(world: World) -> None:
    sums: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    worth: Counter[tuple[str, str]] = Counter()
    for line in world.all:
        if line.member == "m1" and FIRST <= line.day < end(3):
            sums[line.item, line.unit, (line.day - FIRST).days // 7][0] += line.quantity
            sums[line.item, line.unit, (line.day - FIRST).days // 7][1] += line.amount
            worth[line.item, line.unit] += line.amount
    most = sorted(worth, key=lambda key: (-worth[key], key))[:4]
    expected = sorted(
        (item, unit, f"name of {item}", period, *total)
        for (item, unit, period), total in sums.items()
        if (item, unit) in most
    )
    assert world.ask(questions.by_period, 3, limit=4) == expected


def test_what_a_member_sold(world: World) -> None:
    own = [line for line in world.all if line.member == "m1"]
    inside = [line for line in own if FIRST <= line.day < end(3)]
    totals: dict[int, list[Any]] = defaultdict(lambda: [0, set()])
    for line in inside:
        total = totals[(line.day - FIRST).days // 7]
        total[0] += line.amount
        total[1].add((line.store, line.day, line.receipt))
    expected = sorted((period, amount, len(found)) for period, (amount, found) in totals.items())
    assert world.ask(questions.own_totals, 3) == expected
    days = [line.day.isoformat() for line in own]
    assert world.ask(questions.own_days, 3) == [(min(days), max(days))]
    assert world.ask(questions.own_names, 3) == sorted({(line.item, line.name) for line in inside})
    units: Counter[str] = Counter()
    for line in inside:
        if line.item == "#8":
            units[line.unit] += line.amount
    expected_units = sorted(((unit, "name of #8", amount) for unit, amount in units.items()), key=lambda row: -row[2])
    assert world.ask(questions.own_item, 3, item="#8") == expected_units


def test_a_code_of_ones_own_is_nobody_elses_item(world: World) -> None:
    rows = world.ask(questions.beside_others, 3, item="#8", unit="H87")
    assert {row[1] for row in rows} == {rings.OWN}


@pytest.mark.parametrize("member", [None, "m1"])
def test_what_is_bought_together(world: World, member: str | None) -> None:
    baskets: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for line in world.all:
        if FIRST <= line.day < end(3) and (line.member == member if member else line.member in FAR):
            baskets[line.member, line.store, line.day, line.receipt].add(line.item)
    counts = Counter(item for items in baskets.values() for item in items)
    frequent = {item for item, count in counts.items() if count * 1000 >= len(baskets) * 150}
    both: Counter[tuple[str, str]] = Counter()
    sellers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, items in baskets.items():
        for first in items & frequent:
            for second in items & frequent:
                if first < second:
                    both[first, second] += 1
                    sellers[first, second].add(key[0])
    expected = {
        (*pair, count, counts[pair[0]], counts[pair[1]], len(baskets), len(sellers[pair]))
        for pair, count in both.items()
        if count * 1000 >= len(baskets) * 30 and count >= 5
    }
    found = world.ask(
        questions.bought_together, 3, own=member is not None, limit=1000, item_permille=150, pair_permille=30, least=5
    )
    assert set(found) == expected
    lifts = [row[2] * row[5] / (row[3] * row[4]) for row in found]
    assert lifts == sorted(lifts, reverse=True)
    assert expected
