"""What sales cost: taking a register's file over, and asking reports of many lines.

Owns the measurement. Lines are drawn by DuckDB, a few items sell most; the import is the node's own, into a store and
partitions on the disk. For the questions each member's lines are copied under other members' names until there are as
many as wanted. Floors are bare DuckDB on the same files, in the same run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.bench.report import Report, Target

if TYPE_CHECKING:
    import duckdb

IMPORT_RATE: Final = 150_000
IMPORT_SHARE: Final = 0.25
BESIDE_P95_MS: Final = 50
ITEM_P95_MS: Final = 150
PAIRS_RATIO: Final = 1.5
ITEMS: Final = 20_000
FIRST: Final = date(2025, 1, 6)
WEEKS: Final = 26
MEMBERS: Final = 40
ASKER: Final = "00" * 32
ROUNDS: Final = 40
PAIRS: Final = {"item_permille": 5, "pair_permille": 1, "least": 5}


def run(lines: int, asked: int, warn: Callable[[str], None]) -> Report:
    """Import ``lines``, then ask of ``asked``."""
    with tempfile.TemporaryDirectory() as folder:
        figures, floors = _import(Path(folder), lines)
        warn(f"{lines} lines taken over in {figures['import_s']:.1f} s")
        more, under = _ask(Path(folder), lines, asked, warn)
    told = _attack(warn)
    figures, floors = {**figures, **more, **told.figures}, {**floors, **under}
    targets = [
        Target("import_lines_per_s", figures["import_lines_per_s"], IMPORT_RATE, at_least=True),
        Target("import_share_of_read_csv", figures["import_share_of_read_csv"], IMPORT_SHARE, at_least=True),
        Target("beside_p95_ms", figures["beside_p95_ms"], BESIDE_P95_MS),
        Target("item_page_reports_p95_ms", figures["item_page_reports_p95_ms"], ITEM_P95_MS),
        Target("pairs_ratio", figures["pairs_ratio"], PAIRS_RATIO),
        *told.targets,
    ]
    return Report("stats", figures, floors, targets)


def _attack(warn: Callable[[str], None]) -> Report:
    """What can be learned from what questions open, on the real lines where they are at hand."""
    from cli.bench import disclosure
    from cli.demonstration.lines import Lines

    lines = Lines(1, date.today(), whole=True)  # noqa: DTZ011 - only moves the lines' days
    warn(f"looking for what {lines.count} {'real' if lines.real else 'made-up'} lines give away")
    return disclosure.run(lines)


def _import(folder: Path, lines: int) -> tuple[dict[str, float], dict[str, float]]:
    import duckdb

    from node import selling
    from node.pos.process import Warehouse
    from node.store import open_sqlite

    file = folder / "register.csv"
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        _write(db, file, lines)
        began = time.perf_counter()
        db.execute(f"CREATE TABLE bare AS SELECT * FROM read_csv('{file}')")  # noqa: S608 - our own name
        bare = time.perf_counter() - began
    store, warehouse = open_sqlite(folder / "store.sqlite"), Warehouse(folder / "pos")
    try:
        few = folder / "few.csv"  # the process is started, and has loaded what it needs
        few.write_bytes(b"".join(file.read_bytes()[:2000].splitlines(keepends=True)[:10]))
        clock = lambda: time.time_ns() // 1000  # noqa: E731
        selling.bring(store, warehouse, clock, selling.Sold(few, few.name, bytes(32), "bench", "1", commit=False))
        sold = selling.Sold(file, file.name, bytes(32), "bench", "1")
        began = time.perf_counter()
        told = selling.bring(store, warehouse, clock, sold)
        spent = time.perf_counter() - began
    finally:
        warehouse.close()
        store.close()
    if (told["new"], told["bad"]) != (lines, 0):
        raise AssertionError(f"{told['new']} of {lines} lines were taken over, {told['bad']} left out")
    size = sum(path.stat().st_size for path in (folder / "pos").glob("*.parquet"))
    return {
        "lines_imported": lines,
        "import_s": spent,
        "import_lines_per_s": lines / spent,
        "import_share_of_read_csv": bare / spent,
        "partition_bytes_per_line": size / lines,
    }, {"read_csv_s": bare, "read_csv_lines_per_s": lines / bare}


def _write(db: duckdb.DuckDBPyConnection, file: Path, lines: int) -> None:
    """A register's file: three lines in a purchase, item n sold about 1/n as often as the first."""
    digits = "(200000000000 + number)"
    weighed = " + ".join(f"{3 if at % 2 == 0 else 1} * ({digits} // {10**at} % 10)" for at in range(12))
    db.execute("SELECT setseed(0.5)")
    db.execute(
        f"""COPY (SELECT DATE '{FIRST}' + (n * {WEEKS * 7} // {lines})::INT AS day, n // 3 AS receipt,
            n % 3 + 1 AS line, {digits}::VARCHAR || ((10 - ({weighed}) % 10) % 10)::VARCHAR AS jan,
            'item ' || number AS name, 1 + (random() * 3)::INT AS quantity, 100 + (random() * 900)::INT AS amount
            FROM (SELECT n, ({ITEMS} ** random())::BIGINT AS number FROM range({lines}) t(n))) TO '{file}' (HEADER)"""  # noqa: S608
    )


def _ask(
    folder: Path, lines: int, asked: int, warn: Callable[[str], None]
) -> tuple[dict[str, float], dict[str, float]]:
    import duckdb

    from node.pos.process import Warehouse

    copies = max(1, asked // lines)
    many = folder / "many"
    (many / "work").mkdir(parents=True)
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        for file in sorted((folder / "pos").glob("*.parquet")):
            _multiply(db, file, many / file.name, copies)
    files = [path.name for path in sorted(many.glob("*.parquet"))]
    warn(f"{lines * copies} lines in {len(files)} partitions")
    warehouse = Warehouse(many)
    places = [
        [f"{at:064x}", f"{at}", "1" if at % 2 else "2", "1" if at % 4 else "2", True, True] for at in range(MEMBERS)
    ]
    try:
        figures: dict[str, float] = {"lines_asked": lines * copies}
        figures |= _beside(warehouse, places, files)
        pairs = ("bought_together", {**_values(), **PAIRS}, {"limit": 20, "own": False})
        found, spent = _timed(lambda: warehouse.answers([pairs], places, files), 3)
        bare_rows, bare = _bare_pairs(many, files, places)
        if [tuple(row) for row in found[0]] != bare_rows:
            raise AssertionError("the pairs differ from those of bare DuckDB")
        ours = statistics.median(spent)
        return {**figures, "pairs_s": ours, "pairs_ratio": ours / bare}, {"pairs_bare_s": bare}
    finally:
        warehouse.close()


def _multiply(db: duckdb.DuckDBPyConnection, file: Path, target: Path, copies: int) -> None:
    """The same lines as sales of many members: a purchase stays whole."""
    member = f"format('{{:064x}}', (copy * 7 + receipt::BIGINT) % {MEMBERS})"
    db.execute(
        f"""COPY (SELECT p.* REPLACE ({member} AS member, receipt || '-' || copy AS receipt)
            FROM read_parquet('{file}') p, range({copies}) c(copy) ORDER BY item, day)
            TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)"""  # noqa: S608
    )


def _values(item: int = 1, days: int = WEEKS * 7, step: int = 7) -> dict[str, Any]:
    digits = f"{200_000_000_000 + item}"
    check = (10 - sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10) % 10
    end = FIRST + timedelta(days=WEEKS * 7)
    return {
        "member": ASKER, "street": "2", "city": "2", "company": "0", "item": f"{digits}{check}", "unit": "C62",
        "first": (end - timedelta(days=days)).isoformat(), "end": end.isoformat(), "step": step,
    }  # fmt: skip


def _beside(warehouse: Any, places: list[list[Any]], files: list[str]) -> dict[str, float]:
    """One item beside others' over seven days; then all that the page of an item asks."""
    week: list[float] = []
    page: list[float] = []
    for number in range(ROUNDS + 2):
        item = 1 + number * 37
        one: list[Any] = [("beside_others", _values(item, 7, 1), {})]
        week += _timed(partial(warehouse.answers, one, places, files), 1)[1]
        many: list[Any] = [
            ("own_item", _values(item), {}),
            ("beside", _values(item), {"periods": WEEKS}),
            ("beside_others", _values(item, 28, 1), {}),
            ("carriers", _values(item), {}),
        ]
        page += _timed(partial(warehouse.answers, many, places, files), 1)[1]
    warm_week, warm_page = sorted(week[2:]), sorted(page[2:])
    at = int(0.95 * len(warm_week))
    return {
        "beside_median_ms": 1000 * statistics.median(warm_week),
        "beside_p95_ms": 1000 * warm_week[at],
        "item_page_reports_median_ms": 1000 * statistics.median(warm_page),
        "item_page_reports_p95_ms": 1000 * warm_page[at],
    }


def _bare_pairs(folder: Path, files: list[str], places: list[list[Any]]) -> tuple[list[tuple[Any, ...]], float]:
    """The same text in a DuckDB of this process, without the node around it."""
    import duckdb

    from node.pos import partitions
    from node.reports.asking import text_of
    from node.reports.questions import bought_together

    text = text_of(bought_together, "duckdb", "$", (("limit", 20), ("own", False)))
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        partitions.show(db, [str(folder / name) for name in files])
        db.execute("CREATE TABLE places AS SELECT unnest($m) AS member, true AS far", {"m": [row[0] for row in places]})
        values = text.values({**_values(), **PAIRS})
        rows, spent = _timed(lambda: db.execute(text.sql, values).fetchall(), 3)
    return rows, statistics.median(spent)


def _timed(work: Callable[[], Any], times: int) -> tuple[Any, list[float]]:
    """The last result and the seconds of each time."""
    spent, found = [], None
    for _ in range(times):
        began = time.perf_counter()
        found = work()
        spent.append(time.perf_counter() - began)
    return found, spent
