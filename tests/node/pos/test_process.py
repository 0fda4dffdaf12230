"""How much memory the processes of sales may use."""

from __future__ import annotations

import pytest

from node.pos.process import LEAST_MEMORY, MOST_MEMORY, working_memory
from protocol.limits import MIB


@pytest.mark.parametrize(
    ("machine", "allowed"),
    [(2048 * MIB, LEAST_MEMORY), (8192 * MIB, 2048 * MIB), (262_144 * MIB, MOST_MEMORY)],
)
def test_a_quarter_of_the_machine_within_limits(machine: int, allowed: int) -> None:
    assert working_memory(machine) == allowed
