"""Simulated joint rounds: seeds hold, replay, and planted faults are found."""

import pytest

from node.sim.invariants import Violation
from node.sim.rounds.world import Options, World
from protocol.process.joint import closing, sharing, standing
from protocol.process.joint.terms import Round


def options_of(seed: int) -> Options:
    return Options(conductors=3 + 2 * (seed % 3), firms=3 + seed % 30)


def run(seeds: range) -> list[World]:
    return [World(seed, options_of(seed)).run() for seed in seeds]


def violated(seeds: range) -> bool:
    for seed in seeds:
        try:
            World(seed, options_of(seed)).run()
        except Violation:
            return True
    return False


def test_seeds_hold() -> None:
    worlds = run(range(14))
    assert sum(world.concluded for world in worlds) > 3
    assert any(1 in host.closed for world in worlds for host in world.hosts)


@pytest.mark.slow
def test_many_seeds_hold() -> None:
    assert any(not world.concluded for world in run(range(14, 400)))


def test_a_seed_replays() -> None:
    assert World(3, options_of(3)).run().trace == World(3, options_of(3)).run().trace


def test_a_minority_that_decides_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Round, "majority", 1)
    assert violated(range(20))


def test_a_set_that_leaves_words_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = standing.fold

    def lossy(words: object) -> standing.Standing:
        found = real(words)  # type: ignore[arg-type]
        return found._replace(current=found.current[1:])

    monkeypatch.setattr(standing, "fold", lossy)
    assert violated(range(12))


def test_an_unfair_share_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "settle", lambda pays, *_: [0] * len(pays))
    assert violated(range(30))


def test_slips_of_another_result_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = closing.encode_result
    monkeypatch.setattr(closing, "encode_result", lambda result: real(result._replace(slips=bytes(32))))
    with pytest.raises(Exception, match="slip"):
        run(range(4))
