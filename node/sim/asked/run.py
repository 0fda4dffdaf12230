"""Run simulated questions: ``python -m node.sim.asked.run --seeds 500``, ``--seed N``.

Owns the command and the report: one JSON object. A failure prints its seed and the command that replays it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field

from node.sim.asked.options import AskedOptions
from node.sim.asked.world import AskedWorld
from node.sim.invariants import Violation


@dataclass
class Report:
    """Many runs. ``lies``: how often which one was told. ``violations``: what broke, by seed; empty is the aim."""

    seeds: int = 0
    opened: int = 0
    lost_nodes: int = 0
    lies: dict[str, int] = field(default_factory=dict)
    unopened: dict[str, int] = field(default_factory=dict)
    violations: dict[int, str] = field(default_factory=dict)


def options_of(seed: int) -> AskedOptions:
    """Sizes by seed: from five nodes to twenty-four."""
    return AskedOptions(nodes=5 + seed % 20, cells=3 + seed % 18)


def run(seeds: range) -> Report:
    """One question from each seed."""
    report, lies, reasons = Report(len(seeds)), Counter[str](), Counter[str]()
    for seed in seeds:
        world = AskedWorld(seed, options_of(seed))
        try:
            world.run()
        except Violation as broken:
            report.violations[seed] = f"{broken} (python -m node.sim.asked.run --seed {seed})"
        report.opened += world.opened is not None
        report.lost_nodes += len(world.lost)
        lies.update(frozenset(world.lies))
        reasons.update([world.reason] if world.reason else [])
    report.lies, report.unopened = dict(sorted(lies.items())), dict(reasons.most_common())
    return report


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    report = run(range(given.seeds) if given.seed is None else range(given.seed, given.seed + 1))
    sys.stdout.write(json.dumps(asdict(report), indent=1) + "\n")
    sys.exit(1 if report.violations else 0)


if __name__ == "__main__":
    main()
