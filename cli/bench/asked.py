"""One question between real nodes, in seconds: `yui bench questions`.

Owns the measurement: five nodes with registers' sales, 1,000 classes of goods, from the first message to the sums that
may be shown. Every sum is compared with the open truth, and every opened cell with the rules that the truth obeys.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.bench.report import Report, Target
from cli.cluster.nodes import Failed
from cli.cluster.region import Region, region
from protocol.statistics import rules
from protocol.statistics.rules import Parameters

TARGET_S = 2.0
RULES = Parameters(3, 10, bytes(16))


def run(nodes: int, cells: int, rounds: int, tell: Callable[[str], None]) -> Report:
    """``rounds`` questions, each for other goods: a cell is opened once."""
    with tempfile.TemporaryDirectory(prefix="yui-questions-") as folder:
        tell(f"{nodes} nodes are being set up")
        with region(Path(folder), nodes, cells * rounds) as there:
            took, opened = [], 0
            for number in range(rounds):
                seconds, cells_opened = _measure(there, number * cells, cells)
                took.append(seconds)
                opened += cells_opened
                tell(f"question {number + 1}: {seconds:.2f} s")
    figures = {
        "nodes": nodes, "cells": cells, "rounds": rounds, "cells_opened": opened,
        "question_s_median": statistics.median(took), "question_s_max": max(took),
    }  # fmt: skip
    targets = [
        Target("question_s_median", figures["question_s_median"], TARGET_S),
        Target("cells_opened", opened, 1, at_least=True),
    ]
    return Report("questions", figures, {}, targets)


def _measure(there: Region, start: int, cells: int) -> tuple[float, int]:
    asked = there.ask([jan[:12] for jan in there.goods[start : start + cells]])
    before = time.perf_counter()
    found = there.run(asked["question"])
    took = time.perf_counter() - before
    return took, judge(there, found)


def judge(there: Region, found: Any) -> int:
    """How many cells were opened. Failed where a sum is not the truth, or should not be there."""
    if found["state"] != "opened":
        raise Failed(f"nothing was opened: {found['reason']} {found['named']}")
    opened = 0
    for cell in found["cells"]:
        truth = there.truth(cell["code"], found["nodes"])
        if cell["sum"] is not None:
            opened += 1
            if cell["sum"] != sum(truth):
                raise Failed(f"{cell['code']}: {cell['sum']} was opened, the truth is {sum(truth)}")
            if not rules.passes(truth, RULES):
                raise Failed(f"{cell['code']}: was opened against the rules")
    return opened
