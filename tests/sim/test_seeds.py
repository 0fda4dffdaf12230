"""Clusters of whole nodes with every kind of fault. A failure prints its seed and the command that replays it.

Five seeds run in every test run; the marked slow run is the one whose counts are promised.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from node.sim.faults import Fault
from node.sim.options import CALM, Options
from node.sim.run import Report, run, run_many, summary

# Here an invariant breaks and the cause is not mended yet: each is a finding, see docs/threats.md.
OPEN: frozenset[int] = frozenset()
FAST = [seed for seed in (1000, 1008, 1009, 1010, 1011) if seed not in OPEN]
SLOW = range(300)
LEAST_DELIVERED = 50  # documents in each seed
LEAST_OF_A_KIND = 1_000
LEAST_FAULTS = 100_000
HOW_TO_HASH = """
import sys
from node.sim.run import run
for seed in map(int, sys.argv[1:]):
    print(run(seed).trace)
"""


def require_clean(report: Report) -> None:
    assert not report.violation, f"seed {report.seed}: {report.violation}\nreplay: {report.replay}"


def test_without_faults_everything_arrives() -> None:
    report = run(7, CALM)
    require_clean(report)
    assert LEAST_DELIVERED < report.delivered <= report.acknowledged  # between members of one node nothing travels
    assert sum(report.faults.values()) == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", FAST)
def test_no_invariant_breaks(seed: int) -> None:
    report = run(seed)
    require_clean(report)
    assert report.delivered >= LEAST_DELIVERED
    assert sum(report.faults.values()) > 100
    assert report.checks > 500


@pytest.mark.slow
def test_where_little_was_delivered_work_and_faults_go_on() -> None:
    once, more = run(8), run(8, Options(delivered=run(8).delivered + 1))
    require_clean(more)
    assert more.delivered > once.delivered
    assert sum(more.faults.values()) > sum(once.faults.values())
    assert more.virtual_s > once.virtual_s


def test_one_seed_has_one_trace() -> None:
    first, second = run(1010), run(1010)
    assert first.trace == second.trace
    assert first.steps == second.steps
    assert run(1011).trace != first.trace


@pytest.mark.slow
def test_the_trace_does_not_depend_on_the_hash_seed() -> None:
    traces = set()
    for hash_seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", HOW_TO_HASH, "5", "6"], env=environment, capture_output=True, text=True, check=True
        )
        traces.add(done.stdout)
    assert len(traces) == 1
    assert len(traces.pop().split()) == 2


def test_a_failure_says_how_to_see_it_again() -> None:
    report = run(3, Options(settle=0))  # no time to come to rest
    assert "not quiet" in report.violation
    assert report.replay.endswith("--seed 3")
    assert summary([report])["violations"] == [
        {"seed": 3, "what": report.violation, "replay": "python -m node.sim.run --seed 3"}
    ]


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_three_hundred_seeds() -> None:
    reports = list(run_many(SLOW))
    for report in reports:
        if report.seed not in OPEN:
            require_clean(report)
    counts = {kind.value: sum(report.faults[kind.value] for report in reports) for kind in Fault}
    print(summary(reports))
    assert min(report.delivered for report in reports) >= LEAST_DELIVERED
    assert {kind for kind, count in counts.items() if count < LEAST_OF_A_KIND} == set()
    assert sum(counts.values()) >= LEAST_FAULTS
