"""What a node signs under the report of a drill: whose, when, and the hash of the report's bytes.

Owns the record ``["yui/drill/1", network, node, time, H(report)]`` and its signed form. Knows no report. Source:
``docs/protocol.md`` §17.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS
from protocol.errors import Malformed, NotAuthorised
from protocol.keys import Purpose, SigningKey

TAG = "yui/drill/1"
SIGNED_TAG = "yui/drill-signed/1"


class Drill(NamedTuple):
    """``report``: SHA-256 of the report's bytes; ``time``: µs UTC, as the node says."""

    network: str
    node: bytes
    time: int
    report: bytes


def sign(key: SigningKey, drill: Drill) -> bytes:
    """The signed record, by the node's key."""
    record = canon.encode((TAG, *drill))
    return canon.encode((SIGNED_TAG, record, key.sign(Purpose.DRILL, canon.digest(record))))


def verify(data: bytes, public: bytes) -> Drill:
    """The record, if the node key ``public`` signed it for its own node. BadSignature, NotAuthorised or Malformed."""
    raw = shape.record(canon.decode(data), SIGNED_TAG, 3)
    record = shape.binary(raw[1], "record", 1_024)
    keys.verify(public, Purpose.DRILL, canon.digest(record), shape.fixed(raw[2], "signature", keys.SIGNATURE_BYTES))
    found = shape.record(canon.decode(record), TAG, 5)
    if found[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    drill = Drill(
        found[1],
        shape.hash32(found[2], "node"),
        shape.time_us(found[3], "time"),
        shape.hash32(found[4], "report"),
    )
    if drill.node != keys.node_id(public):
        raise NotAuthorised("drill: another node's key signed")
    return drill
