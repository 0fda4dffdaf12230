"""Run simulated federations with guardians: ``python -m node.sim.guarded.run --seeds 500 --json``, ``--seed N``.

Owns the command and the report. A failure prints its seed and the command that replays it, step for step.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from node.sim.faults import Fault
from node.sim.guarded.options import Disaster, GuardedOptions
from node.sim.guarded.world import GuardedWorld
from node.sim.invariants import Violation


@dataclass
class Report:
    """One run. ``violation`` is empty if every invariant held; ``seconds`` (of processor time) are not in the trace."""

    seed: int
    acknowledged: int
    delivered: int
    safe: int
    returns: int
    safe_at_opening: int
    lost_in_disasters: int
    messages: int
    checks: int
    steps: int
    virtual_s: int
    faults: dict[str, int]
    disasters: dict[str, int]
    trace: str
    violation: str = ""
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)

    @property
    def replay(self) -> str:
        """The command that runs this seed again."""
        return f"python -m node.sim.guarded.run --seed {self.seed}"


def run(seed: int, options: GuardedOptions | None = None, *, keep_trace: bool = False) -> Report:
    """One run from one seed. Never raises for a broken invariant: the report says so."""
    began = time.process_time()
    world = GuardedWorld(seed, options or GuardedOptions(), keep_trace=keep_trace)
    violation = ""
    try:
        world.run()
    except Violation as broken:
        violation = str(broken)
    except Exception as bug:  # noqa: BLE001 - whatever escapes is a finding, with its seed
        violation = f"{type(bug).__name__}: {bug}\n{traceback.format_exc()}"
    book, tally = world.book, world.tally
    return Report(
        seed=seed,
        acknowledged=len(book.papers),
        delivered=len(book.delivered),
        safe=len(book.everything_safe()),
        returns=book.returns,
        safe_at_opening=book.safe_at_opening,
        lost_in_disasters=sum(paper.lost for paper in book.papers.values()),
        messages=world.network.messages,
        checks=book.checks,
        steps=tally.steps,
        virtual_s=world.schedule.now // 1_000_000,
        faults={kind.value: tally.faults[kind] for kind in Fault},
        disasters={kind.value: world.fate.happened[kind] for kind in Disaster},
        trace=tally.digest(),
        violation=violation,
        seconds=round(time.process_time() - began, 3),
        lines=tally.lines or [],
    )


def run_many(seeds: Iterable[int], processes: int = 0) -> Iterator[Report]:
    """Runs of many seeds, in their order, on ``processes`` processes (0: as many as there are cores)."""
    with multiprocessing.get_context("spawn").Pool(processes or None) as pool:
        yield from pool.imap(run, seeds, chunksize=4)


def summary(reports: list[Report]) -> dict[str, object]:
    """All runs in one object."""
    faults: Counter[str] = Counter()
    disasters: Counter[str] = Counter()
    for report in reports:
        faults.update(report.faults)
        disasters.update(report.disasters)
    return {
        "seeds": len(reports),
        "faults": sum(faults.values()),
        "faults_by_kind": dict(sorted(faults.items())),
        "disasters": dict(sorted(disasters.items())),
        "returns": sum(report.returns for report in reports),
        "acknowledged": sum(report.acknowledged for report in reports),
        "delivered": sum(report.delivered for report in reports),
        "safe": sum(report.safe for report in reports),
        "safe_at_opening": sum(report.safe_at_opening for report in reports),
        "lost_in_disasters": sum(report.lost_in_disasters for report in reports),
        "messages": sum(report.messages for report in reports),
        "checks": sum(report.checks for report in reports),
        "seconds": round(sum(report.seconds for report in reports), 1),
        "violations": [
            {"seed": report.seed, "what": report.violation, "replay": report.replay}
            for report in reports
            if report.violation
        ],
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line. Exit 1 if an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m node.sim.guarded.run", description="Guardians and disasters.")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds, from --first on")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="only this one, with its trace")
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--trace", action="store_true", help="print every step of --seed")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None:
        return _replay(chosen.seed, trace=chosen.trace, as_json=chosen.json)
    reports = []
    for report in run_many(range(chosen.first, chosen.first + chosen.seeds), chosen.processes):
        reports.append(report)
        if report.violation and not chosen.json:
            _say(f"seed {report.seed}: {report.violation}\n  {report.replay}")
    found = summary(reports)
    _say(json.dumps(found, indent=None if chosen.json else 2, ensure_ascii=False))
    return 1 if found["violations"] else 0


def _replay(seed: int, *, trace: bool, as_json: bool) -> int:
    report = run(seed, keep_trace=trace)
    for line in report.lines:
        _say(line)
    plain = asdict(report)
    del plain["lines"]
    _say(json.dumps(plain, indent=None if as_json else 2, ensure_ascii=False))
    return 1 if report.violation else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
