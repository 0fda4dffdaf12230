"""Simulated questions between regions: seeds hold, replay, and a planted fault is found."""

import pytest

from federation import answering, coordinating
from node.sim.asked.options import AskedOptions
from node.sim.asked.run import options_of, run
from node.sim.asked.world import AskedWorld
from node.sim.invariants import Violation
from protocol.statistics import opening

QUIET = AskedOptions(losing=0, lying_nodes=0, lying_coordinator=0)


def test_seeds_hold() -> None:
    report = run(range(15, 27))
    assert report.violations == {}
    assert report.opened > 2
    assert len(report.lies) > 2


@pytest.mark.slow
def test_many_seeds_hold() -> None:
    report = run(range(27, 300))
    assert report.violations == {}
    assert len(report.lies) == 10


def test_a_seed_replays() -> None:
    one, other = (AskedWorld(7, options_of(7)).run() for _ in range(2))
    assert one.trace == other.trace
    assert AskedWorld(8, options_of(8)).run().trace != one.trace


def test_where_nobody_is_lost_or_lies_everything_that_may_be_is_opened() -> None:
    world = AskedWorld(3, QUIET).run()
    assert world.opened is not None
    assert len(world.opened.nodes) == QUIET.nodes
    assert world.coordinator.named == []


def test_cells_that_are_opened_against_the_rules_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def everything(cells: object, *_arguments: object) -> tuple[int, ...]:
        return tuple(range(len(cells)))  # type: ignore[arg-type]

    monkeypatch.setattr(answering.plan, "open_cells", everything)
    monkeypatch.setattr(coordinating.plan, "open_cells", everything)
    world = AskedWorld(3, AskedOptions(nodes=4, firms=1, losing=0, lying_nodes=0, lying_coordinator=0))
    with pytest.raises(Violation, match="against the rules"):
        world.run()


def test_a_sum_that_is_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = opening.lanes.to_values
    monkeypatch.setattr(coordinating.lanes, "to_values", lambda words: tuple(value + 1 for value in right(words)))
    with pytest.raises(Violation, match="the truth is"):
        AskedWorld(3, QUIET).run()
