"""Pinned mutual TLS 1.3: the contexts of both sides.

Owns how two nodes recognise each other's transport keys. Must not know who is a peer: it is told certificates
(:mod:`node.certificate`). Source: ``docs/protocol.md`` §10, RFC 8446.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from node.certificate import TlsIdentity, fingerprint


def client_context(own: TlsIdentity, peer_certificates: Iterable[bytes]) -> ssl.SSLContext:
    """For calling one peer: its certificates are the only anchors; our own is shown to it.

    After each handshake the certificate met is compared with the pinned ones as well, so that nothing rests on what
    else a TLS library might accept below an anchor.
    """
    pinned = tuple(peer_certificates)
    context = _tls13(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the pin names the peer; addresses change
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(own.pem, password=own.password)
    _add_anchors(context, pinned)
    context.sslobject_class = _pinned_class(frozenset(fingerprint(certificate) for certificate in pinned))
    return context


def _pinned_class(fingerprints: frozenset[bytes]) -> type[ssl.SSLObject]:
    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            met = self.getpeercert(binary_form=True)
            if met is None or fingerprint(met) not in fingerprints:
                raise ssl.SSLCertVerificationError("the server's certificate is not the pinned one")

    return Pinned


class Meeting:
    """For calling a node that we do not know yet: any certificate, ours not shown. Use for one connection.

    ``certificate`` is what the server proved to hold; the caller must compare it with the introduction, and people
    compare the short code.
    """

    def __init__(self) -> None:
        self.certificate = b""
        self.context = _tls13(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.sslobject_class = self._noting_class()

    def _noting_class(self) -> type[ssl.SSLObject]:
        meeting = self

        class Noting(ssl.SSLObject):
            def do_handshake(self) -> None:
                super().do_handshake()
                meeting.met(self.getpeercert(binary_form=True) or b"")

        return Noting

    def met(self, certificate: bytes) -> None:
        """A handshake ended with this certificate; a second one must show the same."""
        if self.certificate and certificate != self.certificate:
            raise ssl.SSLCertVerificationError("the server's certificate changed during the enrolment")
        self.certificate = certificate


class ServerTls:
    """The peer port's side of TLS. ``context`` is given to the listening socket once; anchors change under it."""

    def __init__(self, own: TlsIdentity, anchors: Iterable[bytes] = ()) -> None:
        self._own = own
        self._current = _server_context(own, anchors)
        self.context = _server_context(own, ())
        self.context.sni_callback = self._choose

    def replace(self, anchors: Iterable[bytes]) -> None:
        """From now on, new connections may show these certificates, none, or be refused."""
        self._current = _server_context(self._own, anchors)

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current


def _server_context(own: TlsIdentity, anchors: Iterable[bytes]) -> ssl.SSLContext:
    context = _tls13(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.num_tickets = 0  # a resumed connection would skip the anchors of today
    context.load_cert_chain(own.pem, password=own.password)
    _add_anchors(context, anchors)
    return context


def _add_anchors(context: ssl.SSLContext, certificates: Iterable[bytes]) -> None:
    joined = b"".join(certificates)
    if joined:
        context.load_verify_locations(cadata=joined)


def _tls13(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    return context
