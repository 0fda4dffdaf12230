"""A delta of the directory: cards of the answering node's members that changed, with what proves them.

Owns the record ``["yui/delta/1", network, since, until, more, entries]``; an entry is ``[card, history]`` (the signed
card and its member's control log) or ``[member, ""]`` for a card that was withdrawn. It travels over the pinned link
and each card proves itself, so the record has no signature of its own. Source: ``docs/protocol.md`` §9.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocol import canon, shape
from protocol.limits import MAX_BATCH_BYTES, MAX_CARDS_PER_DELTA, MAX_HISTORY_BYTES

TAG = "yui/delta/1"
MAX_CHANGE = 2**53 - 1
MAX_BYTES = 2 * MAX_BATCH_BYTES + MAX_HISTORY_BYTES  # one long history is always let in


class Entry(NamedTuple):
    """One card with its member's history."""

    card: bytes
    history: bytes


class Delta(NamedTuple):
    """``since`` as asked; ``until``: the change to ask from next time; ``more``: ask again at once."""

    network: str
    since: int
    until: int
    more: bool
    entries: tuple[Entry, ...]


def encode(network: str, since: int, until: int, more: bool, entries: Sequence[Entry]) -> bytes:
    """The record's bytes."""
    return canon.encode((TAG, network, since, until, more, entries))


def parse(data: bytes) -> Delta:
    """The delta in canonical ``data``."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BYTES), TAG, 6)
    entries = []
    for item in shape.array(raw[5], "entries", MAX_CARDS_PER_DELTA):
        card, history = shape.exactly(item, "entries", 2)
        entries.append(
            Entry(
                shape.binary(card, "entries.card", MAX_BATCH_BYTES),
                shape.binary(history, "entries.history", MAX_HISTORY_BYTES),
            )
        )
    return Delta(
        shape.text(raw[1], "network", 8),
        shape.integer(raw[2], "since", 0, MAX_CHANGE),
        shape.integer(raw[3], "until", 0, MAX_CHANGE),
        shape.flag(raw[4], "more"),
        tuple(entries),
    )
