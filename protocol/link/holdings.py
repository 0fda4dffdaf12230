"""Holdings: after a restore or move, the ids that the new home holds of a member's dealings with one peer.

Owns the record ``["yui/holdings/1", network, member, epoch, part, parts, ids]`` (ids ascending). The peer returns
what is missing in both directions. It travels as an item of a signed batch, so it carries no signature of its own.
Source: ``docs/protocol.md`` §8; continuity rule 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocol import canon, shape
from protocol.errors import Malformed

TAG = "yui/holdings/1"
IDS_PER_ITEM = 4_000
MAX_PARTS = 10_000
MAX_BYTES = 256 * 1024


class Holdings(NamedTuple):
    """``part`` of ``parts`` of the list (from 0); a member with nothing sends one empty part."""

    network: str
    member: bytes
    epoch: bytes
    part: int
    parts: int
    ids: tuple[bytes, ...]


def encode(network: str, member: bytes, epoch: bytes, ids: Sequence[bytes]) -> list[bytes]:
    """The list as records of at most IDS_PER_ITEM ids."""
    ordered = sorted(ids)
    chunks = [ordered[at : at + IDS_PER_ITEM] for at in range(0, len(ordered), IDS_PER_ITEM)] or [[]]
    return [canon.encode((TAG, network, member, epoch, part, len(chunks), chunk)) for part, chunk in enumerate(chunks)]


def parse(data: bytes) -> Holdings:
    """One part of a list."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BYTES), TAG, 7)
    parts = shape.integer(raw[5], "parts", 1, MAX_PARTS)
    ids = tuple(shape.hash32(item, "ids") for item in shape.array(raw[6], "ids", IDS_PER_ITEM))
    if list(ids) != sorted(set(ids)):
        raise Malformed("ids: ascending, without repetition")
    return Holdings(
        shape.text(raw[1], "network", 8),
        shape.hash32(raw[2], "member"),
        shape.hash32(raw[3], "epoch"),
        shape.integer(raw[4], "part", 0, parts - 1),
        parts,
        ids,
    )
