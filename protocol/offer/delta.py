"""A delta of offers: what changed of a node's members' offers since the asking peer asked last.

Owns the record ``["yui/offers-delta/1", network, since, until, more, histories, entries]``. Each entry is a signed
offer or withdrawal; the control log of each author stands in it once. It travels over the pinned link and each entry
proves itself, so the record has no signature. Source: ``docs/protocol.md`` §20.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol import canon, shape
from protocol.limits import MAX_BATCH_BYTES, MAX_HISTORY_BYTES, MAX_INT, MAX_OFFER_BYTES, MAX_OFFERS_PER_DELTA

TAG: Final = "yui/offers-delta/1"
MAX_BYTES: Final = 2 * MAX_BATCH_BYTES + MAX_HISTORY_BYTES  # one long history is always let in


class Delta(NamedTuple):
    """``since`` as asked; ``until``: the change to ask from next time; ``more``: ask again at once."""

    network: str
    since: int
    until: int
    more: bool
    histories: tuple[bytes, ...]
    entries: tuple[bytes, ...]


def encode(
    network: str, since: int, until: int, more: bool, histories: Sequence[bytes], entries: Sequence[bytes]
) -> bytes:
    """The record's bytes."""
    return canon.encode((TAG, network, since, until, more, histories, entries))


def parse(data: bytes) -> Delta:
    """The delta in canonical ``data``."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BYTES), TAG, 7)
    return Delta(
        shape.text(raw[1], "network", 8),
        shape.integer(raw[2], "since", 0, MAX_INT),
        shape.integer(raw[3], "until", 0, MAX_INT),
        shape.flag(raw[4], "more"),
        tuple(
            shape.binary(item, "histories", MAX_HISTORY_BYTES)
            for item in shape.array(raw[5], "histories", MAX_OFFERS_PER_DELTA)
        ),
        tuple(
            shape.binary(item, "entries", MAX_OFFER_BYTES)
            for item in shape.array(raw[6], "entries", MAX_OFFERS_PER_DELTA)
        ),
    )
