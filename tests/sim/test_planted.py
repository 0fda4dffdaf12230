"""The simulator has teeth: every planted bug is found within a few seeds, which are clean without it."""

from __future__ import annotations

import pytest

from node.sim.run import run
from tests.sim.planted import PLANTED
from tests.sim.test_seeds import FAST

SEEDS = FAST
EXPECTED = {  # what it is found by; empty: any invariant, because the same wrong ends in several
    "business_key_ignored": "is in effect twice",
    "cursor_advanced_before_storing": "the cursor stands behind a document that is not stored",
    "duplicate_verdict_forgotten": "a document was applied twice",
    "epoch_not_advanced_on_restore": "a journal position has two meanings",
    "folds_by_arrival_order": "elsewhere",
    "link_incarnation_reused": "incarnation was used twice",
    "quarantined_batch_blocks_the_rest": "one bad item refused the whole batch",
    "receipt_before_commit": "a receipt for what is not stored",
    "restore_keeps_the_epoch": "a journal position has two meanings",
    "signature_checked_over_reencoded_bytes": "",
    "stale_epochs_receipt_counted": "a receipt of a stale epoch was counted",
    "undo_accepted_from_an_equal_rank": "",
}


def test_all_twelve_are_here() -> None:
    assert set(PLANTED) == set(EXPECTED)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_simulator_finds_it(name: str) -> None:
    """On seeds of which ``test_seeds`` shows that nothing is wrong with them."""
    with PLANTED[name]():
        found = next(((seed, broken) for seed in SEEDS if (broken := run(seed).violation)), None)
    if found is not None:
        seed, broken = found
        print(f"{name}: seed {seed}: {broken.splitlines()[0]}")
        assert "Traceback" not in broken  # an invariant found it, not a mistake of the planted code
        assert EXPECTED[name] in broken
        assert not run(seed).violation  # nothing is wrong but the planted bug
        return
    pytest.fail(f"{name} was not found in {len(SEEDS)} seeds")
