"""What one run with guardians is made of, and the kinds of disasters in it. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from node.sim.options import MINUTE, SECOND, Options


class Disaster(Enum):
    """Everything that is done to members with guardians; counted when it bites."""

    DESTROYED = "home-destroyed"
    CUT_OFF = "home-cut-off"
    STOPPED = "home-stopped"
    RESTORED = "home-restored-in-place"
    CLONED = "home-cloned"
    OLD_HOME_WAKES = "old-home-wakes"
    OLD_BACKUP_WAKES = "old-backup-wakes"
    GUARDIAN_LOST = "guardian-lost"
    GUARDIAN_ROLLED_BACK = "guardian-rolled-back"
    GUARDIAN_REPLACED = "guardian-replaced"
    LIE = "guardian-lies"
    BY_WORDS = "return-with-words"
    BY_ASSOCIATION = "return-by-association"
    TWO_CLAIMANTS = "two-claimants"
    INTERRUPTED = "return-interrupted"
    THEFT = "theft-of-words"
    UNDO = "theft-undone"
    EQUAL_RANK = "undo-by-equal-rank-tried"
    TWO_CLERKS = "clerk-at-the-old-home"


class Lying(Enum):
    """How a guardian lies."""

    WITHHOLDS = "withholds"  # promises frames and shows none
    SKIPS = "skips"  # shows frames with a gap
    STALE = "stale"  # promises an older end than it has
    EMPTY = "empty"  # promises nothing at all
    SILENT = "silent"  # answers everybody but a claimant
    REFUSES = "refuses"  # says that the member has another home
    OUTBIDS = "outbids"  # says that somebody has a higher ballot
    TAMPERS = "tampers"  # changes what is sealed in frames
    ACKS_ALL = "acks-all"  # says that it keeps what it does not
    FORGES = "forges"  # shows an accepted successor that nobody signed


@dataclass(frozen=True)
class GuardedOptions(Options):
    """Fields as in :class:`Options`; ``incidents``: disasters in a run, one at a time."""

    nodes: tuple[int, int] = (6, 6)
    members: int = 3
    dealings: int = 8
    duration: int = 6 * MINUTE
    delivered: int = 5
    settle: int = 2 * 60 * MINUTE
    twice: int = 40
    incidents: tuple[int, int] = (2, 3)
    liars: int = 550  # per mille of runs with a guardian that lies
    lost: int = 300  # per mille of the others: a guardian is lost for good
    rivals: int = 350  # per mille of returns with a second claimant

    loss: int = 40
    duplicate: int = 40
    late: int = 25
    delay: int = 60
    delay_max: int = 6 * SECOND
    late_max: int = 60 * SECOND
    poison: int = 0
    partitions: int = 1
    one_way_cuts: int = 3
    crashes: int = 2
    crashes_at_write: int = 2
    crashes_before_receipt: int = 2
    restores: int = 0
    clones: int = 0
    clock_jumps: int = 1
    disks_full: int = 2
