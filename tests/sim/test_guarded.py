"""Members with guardians whose homes are destroyed, cut off, restored or stolen, while guardians lie.

A failure prints its seed and the command that replays it.
"""

from __future__ import annotations

import pytest

from node.sim.guarded.run import Report, run

FAST = (0, 30)  # small: what is wrong with others is in docs/threats.md


def require_clean(report: Report) -> None:
    assert not report.violation, f"seed {report.seed}: {report.violation}\nreplay: {report.replay}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", FAST)
def test_no_invariant_breaks(seed: int) -> None:
    report = run(seed)
    require_clean(report)
    assert report.safe_at_opening > 0 or not report.returns
    assert report.checks > 500
    assert sum(report.disasters.values()) > 0
    assert report.replay.endswith(f"--seed {seed}")


@pytest.mark.timeout(300)
def test_one_seed_has_one_trace() -> None:
    assert run(0).trace == run(0).trace
