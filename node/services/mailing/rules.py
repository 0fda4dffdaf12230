"""What the association decided about mail and relaying: after how long a node is dark, and what it carries for others.

Owns the two settings, kept with the node's other values. Decides nothing about a single parcel.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.store import Tx
from protocol import canon
from protocol.errors import CallerFault
from protocol.limits import DARK_US, MAX_MAIL_LIFETIME_US, MIB

MEMBER: Final = "member"  # a parcel, for a member
NODE: Final = "node"  # a carried piece, for a node
MINUTE_US: Final = 60 * 1_000_000
DAY_US: Final = 24 * 60 * MINUTE_US
_DARK: Final = "mail/dark"
_RELAY: Final = "relay/policy"
MAX_DARK_MINUTES: Final = 7 * 24 * 60
MAX_ROOM_MIB: Final = 1024 * 1024
DEFAULT_ROOM_MIB: Final = 256
DEFAULT_DAYS: Final = 7


class Relay(NamedTuple):
    """What this node carries for others: ``room`` bytes in all (0: nothing), each thing ``keep`` µs at most."""

    room: int = 0
    keep: int = DEFAULT_DAYS * DAY_US


def dark_after(tx: Tx) -> int:
    """µs since the last contact after which a node is dark; 0: never."""
    return tx.meta.get_int(_DARK, DARK_US)


def set_dark_after(tx: Tx, minutes: int) -> None:
    """Change it; 0 switches it off."""
    if not 0 <= minutes <= MAX_DARK_MINUTES:
        raise CallerFault("minutes", f"0 (never) to {MAX_DARK_MINUTES}")
    tx.meta.set_int(_DARK, minutes * MINUTE_US)


def relay(tx: Tx) -> Relay:
    """What is carried for others."""
    stored = tx.meta.get(_RELAY)
    return Relay(*canon.decode(stored)) if stored is not None else Relay()


def set_relay(tx: Tx, room_mib: int, days: int) -> None:
    """Carry for others, or with room 0 no more. What lies here is kept until it is collected or its time is over."""
    if not 0 <= room_mib <= MAX_ROOM_MIB:
        raise CallerFault("room", f"0 (nothing) to {MAX_ROOM_MIB} MiB")
    if not 1 <= days <= MAX_MAIL_LIFETIME_US // DAY_US:
        raise CallerFault("days", f"1 to {MAX_MAIL_LIFETIME_US // DAY_US}")
    tx.meta.set(_RELAY, canon.encode((room_mib * MIB, days * DAY_US)))
