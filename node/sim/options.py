"""What one simulated run is made of. Data only: with the seed it determines every step."""

from __future__ import annotations

from dataclasses import dataclass

MS = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND


@dataclass(frozen=True)
class Options:
    """Ranges are drawn from with the seed, both ends included; rates are per mille of messages; times in virtual µs."""

    nodes: tuple[int, int] = (3, 7)
    members: int = 8  # in the whole federation, at least one at every node
    dealings: int = 44  # each 1..6 documents
    duration: int = 12 * MINUTE  # of work and faults; then everything is healed
    delivered: int = 50  # documents at least: else there is as much work, and as many faults, once more
    settle: int = 6 * 60 * MINUTE  # at most this long until all is quiet
    twice: int = 60  # per mille of papers that a second clerk, who does not know, enters again
    batch_items: tuple[int, int] = (1, 6)

    # messages, per mille
    loss: int = 70
    duplicate: int = 60
    late: int = 60  # held back and delivered after the caller has given up: arrives behind its successors
    delay: int = 120
    delay_max: int = 15 * SECOND
    late_max: int = 90 * SECOND
    poison: int = 35  # of batches: one item is damaged

    # happenings, each about this often in a run
    partitions: int = 5
    one_way_cuts: int = 5
    crashes: int = 5
    crashes_at_write: int = 5
    crashes_before_receipt: int = 6
    restores: int = 5
    clones: int = 6
    clock_jumps: int = 6
    disks_full: int = 6


CALM = Options(
    twice=0,
    loss=0,
    duplicate=0,
    late=0,
    delay=0,
    poison=0,
    partitions=0,
    one_way_cuts=0,
    crashes=0,
    crashes_at_write=0,
    crashes_before_receipt=0,
    restores=0,
    clones=0,
    clock_jumps=0,
    disks_full=0,
)
