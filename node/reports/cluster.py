"""The process that asks a Spark cluster the same reports, for an area whose sales outgrew one machine.

Owns Spark's client: its session, and the views ``lines`` and ``places`` there. The cluster is the operator's and reads
the partitions under the same path as this node. The client is the optional package ``pyspark``; it starts Java. Source:
docs/adr/0056-reports.md.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final

from node.papers.process import Confines, answer_requests
from protocol.errors import Malformed, WorldFault

NO_LIMIT: Final = -1  # Java reserves more address space than it uses; what it uses, its own settings cap
CPU_SECONDS: Final = 3600
OPEN_FILES: Final = 1024
FILE_BYTES: Final = 1 << 40
PARTS: Final = 64  # of a shuffle, at most; Spark joins small ones
_LINES: Final = "member, store, day, receipt, item, name, unit, quantity, amount"
_KINDS: Final = {
    "member": "STRING", "store": "STRING", "day": "DATE", "receipt": "STRING", "item": "STRING", "name": "STRING",
    "unit": "STRING", "quantity": "BIGINT", "amount": "BIGINT",
}  # fmt: skip
_PLACE: Final = "member STRING, company STRING, street STRING, city STRING, near BOOLEAN, far BOOLEAN"


def serve() -> None:
    """Answer. Runs in the other process; Spark is loaded with the first question."""
    answer_requests(_perform, Confines(NO_LIMIT, CPU_SECONDS, OPEN_FILES, FILE_BYTES))


def _perform(cluster: str, address: str, asked: list[Any], places: list[list[Any]], files: list[str]) -> list[Any]:
    try:
        import pyspark.errors
    except ImportError:
        raise WorldFault("reports.cluster needs the package pyspark (yui-node[spark])", code="no-spark") from None
    from node.reports.answers import answer
    from node.reports.asking import Cluster

    try:
        session = _session(cluster, address)
        show(session, files, places)
        return [answer(Cluster(session), [(name, values, fixed) for name, values, fixed in asked])]
    except pyspark.errors.PySparkException as error:
        raise Malformed(f"the cluster did not answer: {str(error).splitlines()[0][:300]}") from None


@functools.lru_cache(maxsize=1)
def _session(cluster: str, address: str) -> Any:
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(cluster).appName("yui")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(PARTS),
        "spark.sql.session.timeZone": "UTC",
    }
    if address:
        settings |= {"spark.driver.host": address, "spark.driver.bindAddress": address}
        os.environ["SPARK_LOCAL_IP"] = address
    kept = os.dup(1)
    try:
        os.dup2(2, 1)  # Java inherits it: nothing may come between our frames
        return builder.config(map=settings).getOrCreate()
    except PySparkRuntimeError:
        raise WorldFault("Spark could not be started: is Java installed?", code="no-spark") from None
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def show(session: Any, files: Sequence[str], places: Iterable[Sequence[Any]]) -> None:
    """The views that reports read, as :mod:`node.pos.partitions` and :mod:`node.pos.process` make them for DuckDB."""
    if files:
        session.read.parquet(*files).where("NOT void").selectExpr(*_LINES.split(", ")).createOrReplaceTempView("lines")
    else:
        empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in _KINDS.items())
        session.sql(f"SELECT {empty} WHERE false").createOrReplaceTempView("lines")
    names = [part.split()[0] for part in _PLACE.split(", ")]
    rows = json.dumps([dict(zip(names, row, strict=True)) for row in places])
    text = f"SELECT inline(from_json(:places, 'array<struct<{_struct()}>>'))"
    session.sql(text, args={"places": rows}).createOrReplaceTempView("places")


def _struct() -> str:
    return ",".join(":".join(part.split()).lower() for part in _PLACE.split(", "))
