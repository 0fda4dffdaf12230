"""Month partitions: Parquet files of all members' lines, made again with each batch that touches the month.

Owns how a partition is written and how questions see all of them. A new file gets a new name; which one holds is said
by the store, so a crash leaves the old one in force. Runs in the POS process. Source: docs/adr/0050-pos.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from node.pos.files import put_in_place
from node.pos.taking import COLUMNS, KEY

if TYPE_CHECKING:
    import duckdb

_EMPTY: Final = (
    "SELECT NULL::VARCHAR AS member, NULL::VARCHAR AS store, NULL::DATE AS day, NULL::VARCHAR AS receipt,"
    " NULL::INT AS line, NULL::SMALLINT AS minute, NULL::VARCHAR AS item, NULL::VARCHAR AS jan, NULL::VARCHAR AS name,"
    " NULL::BIGINT AS quantity, NULL::VARCHAR AS unit, NULL::BIGINT AS amount, NULL::VARCHAR AS tax,"
    " NULL::SMALLINT AS rate, NULL::BOOLEAN AS void, NULL::BIGINT AS version WHERE false"
)


def fold(
    db: duckdb.DuckDBPyConnection, folder: str, batch: str, position: int, current: Mapping[str, str]
) -> list[list[Any]]:
    """Put a batch into the partitions of its months; [month, file, lines] of each new one.

    ``current``: month → file name inside ``folder``. Nothing that is there is changed or removed.
    """
    where = Path(folder)
    months = db.execute(f"SELECT DISTINCT strftime(day, '%Y-%m') FROM read_parquet('{batch}') ORDER BY 1").fetchall()  # noqa: S608
    made = []
    for (month,) in months:
        name = f"{month}.{position}.parquet"
        part = where / f"{name}.part"
        new = f"SELECT {COLUMNS} FROM read_parquet('{batch}') WHERE strftime(day, '%Y-%m') = '{month}'"  # noqa: S608
        lines = new
        if month in current:
            old = f"read_parquet('{where / current[month]}')"
            lines = f"SELECT {COLUMNS} FROM {old} ANTI JOIN ({new}) USING ({KEY}) UNION ALL {new}"  # noqa: S608
        db.execute(
            f"COPY (SELECT * FROM ({lines}) ORDER BY item, day)"  # noqa: S608
            f" TO '{part}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)"
        )
        counted = db.execute(f"SELECT count(*) FROM read_parquet('{part}')").fetchone()  # noqa: S608
        put_in_place(part, where / name)
        made.append([month, name, 0 if counted is None else counted[0]])
    return made


def show(db: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """The views that questions read.

    ``sales``: every line, with time, tax and version. ``lines``: what counts: voids left out, returns negative;
    member (hex), store, day, receipt, item, name, unit (Rec 20), quantity (thousandths), amount (yen).
    """
    found = f"SELECT * FROM read_parquet({list(files)!r})" if files else _EMPTY  # noqa: S608
    db.execute(f"CREATE OR REPLACE TEMP VIEW sales AS {found}")
    db.execute(
        "CREATE OR REPLACE TEMP VIEW lines AS SELECT member, store, day, receipt, item, name, unit, quantity, amount"
        " FROM sales WHERE NOT void"
    )
