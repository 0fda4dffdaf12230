"""A node's self-signed descriptor: who it is, where it answers, what it speaks.

Owns the record. Trust in it (pinning, short code) is :mod:`federation.peers`. Record:
``["yui/descriptor/1", network, public key, version, name, kind, area, endpoints, certificates, software, speaks,
time]``; it travels as ``["yui/descriptor-signed/1", record, signature]``. Source: ``docs/protocol.md`` §3.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS
from protocol.errors import Malformed
from protocol.keys import NodeId, PublicKey, Purpose, SigningKey
from protocol.limits import MAX_DESCRIPTOR_ENDPOINTS, MAX_NAME_CHARS, MAX_RECORD_BYTES

TAG = "yui/descriptor/1"
SIGNED_TAG = "yui/descriptor-signed/1"
SPEAKS = ("yui/link/1",)


class Descriptor(NamedTuple):
    """``certificates``: SHA-256 of the DER certificates it may present; ``version`` grows with every change."""

    network: str
    public: PublicKey
    version: int
    name: str
    kind: str
    area: str
    endpoints: tuple[str, ...]
    certificates: tuple[bytes, ...]
    software: str
    speaks: tuple[str, ...]
    time: int

    @property
    def node(self) -> NodeId:
        """The node's id."""
        return keys.node_id(self.public)


def sign(key: SigningKey, descriptor: Descriptor) -> bytes:
    """The signed bytes that travel."""
    if descriptor.public != key.public:
        raise Malformed("a descriptor is signed by its own key")
    record = canon.encode((TAG, *descriptor))
    return canon.encode((SIGNED_TAG, record, key.sign(Purpose.DESCRIPTOR, canon.digest(record))))


def parse(data: bytes) -> Descriptor:
    """The descriptor in signed bytes, verified under the key that it names."""
    outer = shape.record(canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES), SIGNED_TAG, 3)
    record = shape.binary(outer[1], "record", MAX_RECORD_BYTES)
    raw = shape.record(canon.decode(record), TAG, 12)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    public = keys.require_valid_public(shape.fixed(raw[2], "public", 32))
    keys.verify(public, Purpose.DESCRIPTOR, canon.digest(record), shape.fixed(outer[2], "signature", 64))
    return Descriptor(
        network=raw[1],
        public=public,
        version=shape.integer(raw[3], "version", 1, 2**53 - 1),
        name=shape.text(raw[4], "name", MAX_NAME_CHARS, empty=False),
        kind=shape.text(raw[5], "kind", 32),
        area=shape.text(raw[6], "area", 16),
        endpoints=_texts(raw[7], "endpoints", 200),
        certificates=tuple(shape.hash32(item, "certificates") for item in shape.array(raw[8], "certificates", 4)),
        software=shape.text(raw[9], "software", 64),
        speaks=_texts(raw[10], "speaks", 32),
        time=shape.time_us(raw[11], "time"),
    )


def _texts(value: object, name: str, limit: int) -> tuple[str, ...]:
    items = shape.array(value, name, MAX_DESCRIPTOR_ENDPOINTS)
    return tuple(shape.text(item, name, limit, empty=False) for item in items)
