"""What came to a firm: its signed word to the conductors after the delivery, item by item.

Owns the record ``yui/joint-arrival/1``, signed by the key of the firm's epoch and receipted as pledges are. What is
then settled is :mod:`protocol.process.joint.shortage`. Source: ``docs/protocol.md`` §19.12.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol import canon, shape
from protocol.errors import Malformed, Misdirected
from protocol.keys import SigningKey
from protocol.limits import MAX_JOINT_ITEMS, MAX_JOINT_QUANTITY, MAX_JOINT_REVISION
from protocol.process.joint import signed

TAG: Final = "yui/joint-arrival/1"
MAX_BYTES: Final = 1024


class Arrival(NamedTuple):
    """``came``: (place of the item, quantity) of every item that the firm was to get; 0 where nothing came."""

    round: bytes
    member: bytes
    epoch: bytes
    revision: int
    came: tuple[tuple[int, int], ...]
    time: int


class Said(NamedTuple):
    """An arrival with the hash of its record, which receipts name."""

    arrival: Arrival
    hash: bytes


def sign(key: SigningKey, arrival: Arrival) -> bytes:
    """The bytes that travel; checked as on receipt."""
    parse_record(canon.encode((TAG, *arrival)), arrival.round)
    return signed.sign(key, TAG, arrival)


def claimed(data: bytes, name: bytes) -> Said:
    """What an envelope says, before its signature is looked at: it says whose epoch has to have signed."""
    record = signed.parse(data, MAX_BYTES).record
    return Said(parse_record(record, name), canon.digest(record))


def verify(data: bytes, name: bytes, signing_key: bytes) -> Said:
    """What it says, if the key of the epoch that it names signed it. ``name``: hash of the round."""
    record = signed.verify(signed.parse(data, MAX_BYTES), signing_key)
    return Said(parse_record(record, name), canon.digest(record))


def parse_record(record: bytes, name: bytes) -> Arrival:
    """The arrival of a record, for this round."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_BYTES), TAG, 7)
    if shape.hash32(raw[1], "round") != name:
        raise Misdirected("round: an arrival of another one")
    came = []
    for item in shape.array(raw[5], "came", MAX_JOINT_ITEMS):
        place, quantity = shape.exactly(item, "came", 2)
        came.append(
            (
                shape.integer(place, "came.item", 0, MAX_JOINT_ITEMS - 1),
                shape.integer(quantity, "came.quantity", 0, 2 * MAX_JOINT_QUANTITY),
            )
        )
    if not came or [place for place, _ in came] != sorted({place for place, _ in came}):
        raise Malformed("came: at least one item, ascending, none twice")
    return Arrival(
        name,
        shape.hash32(raw[2], "member"),
        shape.hash32(raw[3], "epoch"),
        shape.integer(raw[4], "revision", 0, MAX_JOINT_REVISION),
        tuple(came),
        shape.time_us(raw[6], "time"),
    )


def require_of(granted: Sequence[tuple[int, int]], came: Sequence[tuple[int, int]]) -> None:
    """Malformed unless it states every item that the firm was to get, and no more of it than that."""
    if [place for place, _ in came] != [place for place, _ in granted]:
        raise Malformed("came: every item that the firm was to get, and no other")
    for (_, quantity), (_, most) in zip(came, granted, strict=True):
        if quantity > most:
            raise Malformed(f"came: at most {most}, as ordered; what is too much goes back or is bought otherwise")
