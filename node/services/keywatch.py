"""Changes of a member's keys or home in the last seven days: while they can still be undone, people are to see them.

Owns what counts as such a change. A history that was learned as a whole is no news; what was added to one that was
known is. Source: ``docs/protocol.md`` §4.3 (the undo window).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import members
from node.services.house import House
from node.store import Tx
from protocol.identity.control import Kind
from protocol.identity.log import Admitted, ControlLog
from protocol.limits import UNDO_WINDOW_US

KEYS: Final = "keys"
MOVED: Final = "moved"


class Change(NamedTuple):
    """``what``: keys or moved; ``at``: µs at which this node heard of it; ``undone``: it does not stand any more."""

    what: str
    at: int
    undone: bool


def recent(house: House, tx: Tx, member: bytes) -> list[Change]:
    """What changed within the undo window, newest first; nothing for a member that is not known here."""
    log = members.find_log(house, tx, member)
    if log is None or not log.records:
        return []
    begin = min(item.first_seen for item in log.records.values())
    since = max(begin, house.clock() - UNDO_WINDOW_US)
    found = [
        Change(what, item.first_seen, name in log.superseded)
        for name, item in log.records.items()
        if item.first_seen > since and (what := _what(log, item))
    ]
    return found[::-1]


def _what(log: ControlLog, item: Admitted) -> str:
    record = item.signed.record
    if record.kind is Kind.KEYS:
        return KEYS
    before = log.records.get(record.previous)
    old = before.standing.epoch if before is not None else None
    new = item.standing.epoch
    moved = record.kind is Kind.EPOCH and old is not None and new is not None and old.home != new.home
    return MOVED if moved else ""
