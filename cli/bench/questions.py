"""What a question between regions costs each node: ``python -m cli.bench.questions --nodes 2000 --cells 1000``.

Owns the measurement: the product's machines on virtual time, processor time of each node by itself, bytes that it
sends, sums compared with the truth. Prints the object of every bench.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time

from cli.bench.report import Report, Target
from node.sim.asked.options import AskedOptions
from node.sim.asked.world import AskedWorld

SEED = 1
TARGET_CPU_MS = 100
TARGET_SENT_BYTES = 110_000


def run(nodes: int, cells: int, lost: int = 0) -> Report:
    """One question. ``lost``: nodes that fall silent somewhere, at most. Checkers (16) are reported by themselves."""
    options = AskedOptions(
        nodes, cells, nested=False, firms=2, losing=1000 if lost else 0, most_lost=lost, lying_nodes=0,
        lying_coordinator=0,
    )  # fmt: skip
    world = AskedWorld(SEED, options, time.process_time_ns).run()
    publics = world.coordinator.roll.publics
    checking = {publics[at] for at in world.coordinator.setting.circle.checkers(world.coordinator.answered)}
    ordinary = [public for public in publics if public not in checking] or list(publics)
    own = [world.cost_ns[public] / 1e6 for public in ordinary]
    sent = [world.sent_bytes[public] for public in publics]
    opened = world.opened
    figures = {
        "nodes": nodes,
        "cells": cells,
        "neighbours": len(world.coordinator.setting.circle.neighbours(world.coordinator.setting.dealers[0])),
        "cells_opened": len(opened.sums) if opened else 0,
        "answerers": len(opened.nodes) if opened else 0,
        "node_cpu_ms_median": statistics.median(own),
        "node_cpu_ms_p95": sorted(own)[len(own) * 95 // 100],
        "checker_cpu_ms_median": statistics.median(world.cost_ns[public] / 1e6 for public in sorted(checking)),
        "coordinator_cpu_ms": world.cost_ns[world.question.coordinator] / 1e6,
        "node_sent_bytes_max": max(sent),
    }
    targets = [
        Target("node_cpu_ms_median", figures["node_cpu_ms_median"], TARGET_CPU_MS),
        Target("node_sent_bytes_max", figures["node_sent_bytes_max"], TARGET_SENT_BYTES),
        Target("cells_opened", figures["cells_opened"], 1, at_least=True),
    ]
    return Report("questions", figures, {}, targets)


def main() -> None:
    """The command; exit code 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=2_000)
    parser.add_argument("--cells", type=int, default=1_000)
    parser.add_argument("--lost", type=int, default=0)
    given = parser.parse_args()
    report = run(given.nodes, given.cells, given.lost)
    sys.stdout.write(json.dumps(report.as_json(), indent=1) + "\n")
    sys.exit(0 if report.met else 1)


if __name__ == "__main__":
    main()
