"""One file of a register against what is stored: its good lines that are new or differ, and every bad one.

Owns the comparison. Lines are kept once for (store, business day, receipt, line); a line that is there unchanged
counts as the same, one that differs is a new version only when a person brings it as a correction. Runs in the POS
process; writes one Parquet file and stores nothing. Source: docs/adr/0050-pos.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from node.pos import checks
from node.pos.columns import Layout, layout_of
from node.pos.files import lasting
from node.pos.reading import Source, source_of
from protocol.errors import CallerFault

if TYPE_CHECKING:
    import duckdb

MAX_NAMED: Final = 1000
KEY: Final = "member, store, day, receipt, line"
SAID: Final = "minute, item, jan, name, quantity, unit, amount, tax, rate, void"
COLUMNS: Final = f"{KEY}, {SAID}, version"
_OPTIONS: Final = "auto_detect=false, header=false, strict_mode=false, null_padding=true, quote='\"', escape='\"'"


def take(
    db: duckdb.DuckDBPyConnection, file: str, copy: str, out: str, wanted: Mapping[str, Any], stored: Sequence[str]
) -> dict[str, Any]:
    """Judge ``file`` and write what is to be kept to ``out``; ``stored``: the current partitions.

    ``wanted``: member (hex), store, layout, mapping or None, tax (in, out, none), today (ISO), version, correct.
    """
    path = Path(copy)
    try:
        source = source_of(Path(file), path)
        layout = layout_of(source.head, wanted["layout"], wanted["mapping"])
        if "store" not in layout.columns and not wanted["store"]:
            raise CallerFault("store", "the file names none: state whose sales these are")
        _load(db, source, layout)
    finally:
        path.unlink(missing_ok=True)
    _judge(db, source, layout, wanted)
    _compare(db, wanted, stored)
    return {"encoding": source.encoding, **_told(db, layout, Path(out), correct=wanted["correct"])}


def _load(db: duckdb.DuckDBPyConnection, source: Source, layout: Layout) -> None:
    """The columns that are fields, as text, in the order of the file; the others are not read."""
    count = len(layout.titles)
    names = {f"c{at}": "VARCHAR" for at in range(count)} | {"over": "VARCHAR"}
    chosen = ", ".join(
        f"nullif(trim(c{layout.columns[field]}), '') AS {field}"
        if field in layout.columns
        else f"NULL::VARCHAR AS {field}"
        for field in checks.raw_columns()
    )
    text = (
        f"CREATE OR REPLACE TEMP TABLE raw AS SELECT row_number() OVER () + $skip AS n, over, {chosen}"  # noqa: S608
        f" FROM read_csv($path, columns={names!r}, delim=$delim, skip=$skip, {_OPTIONS}"
    )
    values = {"path": str(source.path), "delim": source.delimiter, "skip": layout.header + 1}
    import duckdb

    try:
        db.execute(text + ")", values)
    except duckdb.InvalidInputException:  # a title or a note with a line's end in it
        db.execute(text + ", parallel=false)", values)


def _judge(db: duckdb.DuckDBPyConnection, source: Source, layout: Layout, wanted: Mapping[str, Any]) -> None:
    """``judged``: every line with what its texts mean and the number of the rule that it breaks."""
    cut = not source.whole and max(layout.columns.values()) >= len(layout.titles) - 1
    values = {
        "store": wanted["store"] or None,
        "store_given": bool(wanted["store"]),
        "tax": wanted["tax"],
        "today": date.fromisoformat(wanted["today"]),
        "cut": cut,
    }
    db.execute(
        "CREATE OR REPLACE TEMP TABLE judged AS SELECT *, "  # noqa: S608
        f"{checks.judged()} AS rule FROM"
        f" (SELECT *, $cut AND n = (SELECT max(n) FROM raw) AS last FROM ({checks.parsed()}))",
        values,
    )
    db.execute("DROP TABLE raw")
    # titles and sums between the lines: nothing in them that is a sale
    db.execute("DELETE FROM judged WHERE day_text IS NULL AND receipt IS NULL AND jan_text IS NULL"
               " AND item_text IS NULL AND over IS NULL")  # fmt: skip


def _sign(column: str) -> str:
    return f"(CASE WHEN returned THEN -abs({column}) ELSE {column} END)"


def _compare(db: duckdb.DuckDBPyConnection, wanted: Mapping[str, Any], stored: Sequence[str]) -> None:
    """``lines``: the good ones as they would be kept, each marked new, same, changed, twice or closed."""
    factor = "CASE WHEN unit IN ('GRM', 'MLT') THEN 1 ELSE 1000 END"
    numbered = "coalesce(line, row_number() OVER (PARTITION BY store, day, receipt ORDER BY n))"
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE good AS SELECT n, $member AS member, store, day, receipt,
            ({numbered if _without_lines(db) else "line"})::INT AS line, minute::SMALLINT AS minute,
            CASE WHEN jan IS NOT NULL THEN lpad(jan, 13, '0') ELSE '#' || item_text END AS item,
            CASE WHEN jan IS NOT NULL THEN lpad(jan, 13, '0') END AS jan, name,
            {_sign(f"(quantity * {factor})::BIGINT")} AS quantity,
            CASE unit WHEN 'GRM' THEN 'KGM' WHEN 'MLT' THEN 'LTR' ELSE unit END AS unit,
            {_sign("amount::BIGINT")} AS amount, tax, rate::SMALLINT AS rate, void, $version::BIGINT AS version
            FROM judged WHERE rule IS NULL""",  # noqa: S608
        {"member": wanted["member"], "version": wanted["version"]},
    )
    db.execute("CREATE OR REPLACE TEMP TABLE stored AS " + _stored(stored), {"member": wanted["member"]})
    same = " AND ".join(f"g.{name} IS NOT DISTINCT FROM s.{name}" for name in SAID.split(", "))
    again = " OR ".join(f"t.{name} IS DISTINCT FROM g.{name}" for name in SAID.split(", "))
    db.execute(
        """CREATE OR REPLACE TEMP TABLE first AS SELECT member, store, day, receipt, line, min(n) AS n
            FROM good GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1"""
    )
    month = "date_trunc('month', g.day)"
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE compared AS SELECT g.*,
            CASE WHEN f.n < g.n THEN CASE WHEN {again} THEN 'twice' ELSE 'same' END
                 WHEN s.line IS NOT NULL AND {same} THEN 'same'
                 WHEN s.line IS NOT NULL THEN 'changed'
                 WHEN c.store IS NOT NULL THEN 'closed' ELSE 'new' END AS mark
            FROM good g LEFT JOIN stored s USING ({KEY}) LEFT JOIN first f USING ({KEY})
            LEFT JOIN good t ON t.n = f.n
            LEFT JOIN (SELECT DISTINCT store, date_trunc('month', day) AS month FROM stored
                       WHERE date_trunc('month', day) < date_trunc('month', $today::DATE) - INTERVAL 1 MONTH) c
            ON c.store = g.store AND c.month = {month}""",  # noqa: S608
        {"today": wanted["today"]},
    )


def _without_lines(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file numbers no lines: they are then numbered in the order of the file."""
    found = db.execute("SELECT count(line_text) = 0 FROM judged").fetchone()
    return bool(found and found[0])


def _stored(partitions: Sequence[str]) -> str:
    """What is stored of the member between the first and the last day of the file, whole months."""
    if not partitions:
        return f"SELECT {COLUMNS} FROM good WHERE false AND $member IS NULL"  # noqa: S608
    return (
        f"SELECT {COLUMNS} FROM read_parquet({list(partitions)!r}) WHERE member = $member"  # noqa: S608
        " AND day >= (SELECT date_trunc('month', min(day)) FROM good)"
        " AND day < (SELECT date_trunc('month', max(day)) + INTERVAL 1 MONTH FROM good)"
    )


def _told(db: duckdb.DuckDBPyConnection, layout: Layout, out: Path, *, correct: bool) -> dict[str, Any]:
    """Write what is kept; the counts and the bad lines."""
    keep = "('new', 'changed', 'closed')" if correct else "('new')"
    db.execute(
        f"COPY (SELECT {COLUMNS} FROM compared WHERE mark IN {keep} ORDER BY item, day, store, receipt, line)"  # noqa: S608
        f" TO '{out}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)"
    )
    marks = dict(db.execute("SELECT mark, count(*) FROM compared GROUP BY 1").fetchall())
    days = db.execute(f"SELECT min(day)::VARCHAR, max(day)::VARCHAR FROM compared WHERE mark IN {keep}").fetchone()  # noqa: S608
    broken = db.execute("SELECT count(*) FROM judged WHERE rule IS NOT NULL").fetchone()
    assert days is not None
    assert broken is not None
    late = 0 if correct else marks.get("closed", 0)
    new = marks.get("new", 0) + (marks.get("closed", 0) if correct else 0)
    changed = marks.get("changed", 0)
    lasting(out)
    return {
        "columns": {field: layout.titles[at] for field, at in layout.columns.items()},
        "new": new,
        "changed": changed if correct else 0,
        "same": marks.get("same", 0),
        "bad": broken[0] + marks.get("twice", 0) + late + (0 if correct else changed),
        "first_day": days[0] or "",
        "last_day": days[1] or "",
        "digest": _digest(out),
        "problems": _problems(db, layout, correct=correct),
    }


def _problems(db: duckdb.DuckDBPyConnection, layout: Layout, *, correct: bool) -> list[list[Any]]:
    """[line, column, rule, value] of the first bad lines."""
    named: list[list[Any]] = []
    rows = db.execute(
        "SELECT n, rule, day_text, jan_text, quantity_text FROM judged WHERE rule IS NOT NULL ORDER BY n"  # noqa: S608
        f" LIMIT {MAX_NAMED}"
    ).fetchall()
    for line, number, day, jan, quantity in rows:
        field, _, rule = checks.RULES[number]
        value = {"day": day, "jan": jan, "quantity": quantity}.get(field) or ""
        named.append([line, layout.title(field), rule, _safe(value)])
    marks = {"twice": checks.TWICE} | ({} if correct else {"changed": checks.DIFFERS, "closed": checks.CLOSED})
    rows = db.execute(
        f"SELECT n, mark FROM compared WHERE mark IN ({', '.join(repr(mark) for mark in marks)}) ORDER BY n"  # noqa: S608
        f" LIMIT {MAX_NAMED}"
    ).fetchall()
    fields = {"twice": "line", "changed": "receipt", "closed": "day"}
    named += [[line, layout.title(fields[mark]), marks[mark], ""] for line, mark in rows]
    return sorted(named)[:MAX_NAMED]


def _safe(value: str) -> str:
    """A value that may be shown again: short, and no card's number."""
    return value[:24] if sum(letter.isdigit() for letter in value) < 14 else ""


def _digest(path: Path) -> bytes:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
