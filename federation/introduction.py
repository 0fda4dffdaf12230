"""What two nodes show each other at enrolment and at a change of address.

Owns the record ``["yui/introduction/1", signed descriptor, [certificate, …]]``: the descriptor lists fingerprints, the
certificates themselves are needed as anchors. Must not know how X.509 is read: the check of a certificate's profile
is an argument. Source: ``docs/protocol.md`` §10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from federation.endpoint import Endpoint, stated_endpoint
from protocol import canon, shape
from protocol.errors import Malformed, Misdirected
from protocol.identity import descriptor as descriptors
from protocol.identity.descriptor import Descriptor
from protocol.keys import NodeId
from protocol.limits import MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES, MAX_INTRODUCTION_BYTES, MAX_RECORD_BYTES

TAG = "yui/introduction/1"

CertificateCheck = Callable[[bytes, NodeId], None]  # (DER, node): raises Malformed if the node may not use it


@dataclass(frozen=True)
class Introduction:
    """A verified introduction; ``wire`` are the bytes as they came, ``signed`` the descriptor's."""

    wire: bytes
    signed: bytes
    descriptor: Descriptor
    certificates: tuple[bytes, ...]

    @property
    def node(self) -> NodeId:
        """Whose introduction it is."""
        return self.descriptor.node

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where the node answers, in its order of preference."""
        return tuple(stated_endpoint(text) for text in self.descriptor.endpoints)


def encode(signed_descriptor: bytes, certificates: tuple[bytes, ...]) -> bytes:
    """The wire form of an introduction built here."""
    return canon.encode((TAG, signed_descriptor, certificates))


def parse(data: bytes, network: str, check: CertificateCheck) -> Introduction:
    """The introduction in ``data``, verified under the key that it names.

    Raises:
        Malformed, TooLarge, BadSignature: as :func:`protocol.identity.descriptor.parse`; a certificate that is not
            in the descriptor or not of the profile; an endpoint that is no ``https://host:port``.
        Misdirected: of another network.
    """
    raw = shape.record(canon.decode(data, max_bytes=MAX_INTRODUCTION_BYTES), TAG, 3)
    signed = shape.binary(raw[1], "descriptor", 2 * MAX_RECORD_BYTES)
    shown = descriptors.parse(signed)
    if shown.network != network:
        raise Misdirected(f"network: this node is on {network}, the descriptor says {shown.network}")
    offered = shape.array(raw[2], "certificates", MAX_CERTIFICATES)
    certificates = tuple(shape.binary(item, "certificates", MAX_CERTIFICATE_BYTES) for item in offered)
    if not certificates:
        raise Malformed("certificates: at least one is needed")
    for certificate in certificates:
        if canon.digest(certificate) not in shown.certificates:
            raise Malformed("certificates: one is not listed in the descriptor")
        check(certificate, shown.node)
    introduction = Introduction(data, signed, shown, certificates)
    _ = introduction.endpoints  # none is legal: a node behind a home router, which only calls others
    return introduction
