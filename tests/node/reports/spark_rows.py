"""Every report's rows on an engine. As a program: on the Spark cluster named, over the Parquet files of a folder."""

from __future__ import annotations

import json
import sys
from typing import Any

from node.reports import questions
from node.reports.asking import Cluster, Engine
from tests.node.reports.test_questions import FIRST, WHO, end

VALUES = {
    "first": FIRST,
    "end": end(3),
    "step": 7,
    "item": "i3",
    "unit": "H87",
    "item_permille": 50,
    "pair_permille": 10,
    "least": 2,
    **WHO,
}
ASKED: tuple[tuple[Any, dict[str, int | bool]], ...] = (
    (questions.beside_others, {}),
    (questions.carriers, {}),
    (questions.best_sellers, {"limit": 5}),
    (questions.sold_elsewhere, {"limit": 5}),
    (questions.by_period, {"limit": 4}),
    (questions.own_days, {}),
    (questions.own_item, {}),
    (questions.own_names, {}),
    (questions.own_totals, {}),
    (questions.bought_together, {"limit": 50, "own": False}),
    (questions.bought_together, {"limit": 50, "own": True}),
)


def answers(engine: Engine) -> dict[str, list[Any]]:
    """Rows by question."""
    return {
        f"{question.__name__} {sorted(fixed.items())}": engine.rows(question, VALUES, **fixed)
        for question, fixed in ASKED
    }


def main(cluster: str, folder: str) -> None:
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
    }
    session = SparkSession.builder.master(cluster).config(map=settings).getOrCreate()
    for name in ("lines", "places"):
        session.read.parquet(f"{folder}/{name}.parquet").createOrReplaceTempView(name)
    found = answers(Cluster(session))
    session.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
