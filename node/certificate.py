"""A node's transport key and certificate: how it is made, kept, recognised and checked.

Owns the profile: self-signed, P-256, valid 1970–9999 (so that a wrong clock locks nobody out), with ``CN`` = the
node's id in hex as its only subject attribute. A *fingerprint* is the SHA-256 of the certificate's DER encoding;
fingerprints stand in the node's signed descriptor. Must not know connections: :mod:`node.aio.tls`.
Source: ``docs/protocol.md`` §10, RFC 5280.

Why the subject and both key identifiers are prescribed: OpenSSL looks trust anchors up by subject name, and of two
with one name it tries only the one that fits the key identifiers. A peer free to choose them could take the name of
another peer's certificate and so lock that peer out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from node.keyfile import read_private, write_private
from protocol.errors import Malformed
from protocol.keys import NodeId
from protocol.limits import MAX_CERTIFICATE_BYTES

_NOT_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def fingerprint(certificate: bytes) -> bytes:
    """SHA-256 of a certificate's DER encoding, 32 bytes: what the descriptor lists and every request is checked by."""
    return hashlib.sha256(certificate).digest()


@dataclass(frozen=True)
class TlsIdentity:
    """A node's own transport key: ``pem`` is a file (mode 0600) with the certificate and the encrypted private key."""

    certificate: bytes  # DER
    pem: Path
    password: bytes = field(repr=False)

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the DER certificate."""
        return fingerprint(self.certificate)


def create_identity(node: NodeId, pem: Path, password: bytes) -> TlsIdentity:
    """Make a fresh transport key for ``node`` and keep it in ``pem`` (mode 0600, must not exist yet).

    ``password`` encrypts the private key; give it a derived key, it is hardly stretched.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(node, key)
    sealed = serialization.BestAvailableEncryption(password)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
    write_private(pem, certificate.public_bytes(serialization.Encoding.PEM) + private)
    return TlsIdentity(certificate.public_bytes(serialization.Encoding.DER), pem, password)


def load_identity(pem: Path, password: bytes) -> TlsIdentity:
    """The transport key kept in ``pem``. Raises Malformed if the file does not hold one under this password."""
    data = read_private(pem)
    try:
        certificate = x509.load_pem_x509_certificate(data)
        serialization.load_pem_private_key(data[data.index(b"-----BEGIN ENC") :], password)
    except (ValueError, TypeError) as broken:
        raise Malformed(f"{pem.name}: not a transport key under this node secret") from broken
    return TlsIdentity(certificate.public_bytes(serialization.Encoding.DER), pem, password)


def _self_signed(node: NodeId, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name(node)
    public = key.public_key()
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _name(node: NodeId) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node.hex())])


def require_profile(certificate: bytes, node: NodeId) -> None:
    """Return if ``certificate`` (DER) is what ``node`` may use; Malformed names the rule it breaks."""
    if len(certificate) > MAX_CERTIFICATE_BYTES:
        raise Malformed(f"certificate: {len(certificate)} bytes, the limit is {MAX_CERTIFICATE_BYTES}")
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        key = parsed.public_key()
        broken = _broken_rule(parsed, key, node)
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise Malformed("certificate: cannot be read, or a prescribed extension is missing") from error
    except InvalidSignature:
        broken = "must be signed by its own key"
    if broken:
        raise Malformed(f"certificate: {broken}")


def _broken_rule(parsed: x509.Certificate, key: object, node: NodeId) -> str:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return "the key must be P-256"
    if parsed.subject != _name(node) or parsed.issuer != _name(node):
        return "subject and issuer must be CN = the node's id in hex"
    if (parsed.not_valid_before_utc, parsed.not_valid_after_utc) != (_NOT_BEFORE, _NOT_AFTER):
        return "must be valid from 1970 to 9999"
    extensions = parsed.extensions
    if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        return "must not be a certificate authority"
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    if extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value != subject_key:
        return "the subject key identifier must be the SHA-1 of the key"
    if extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value != issuer_key:
        return "the authority key identifier must be the SHA-1 of the key"
    if len(extensions) != 4:
        return "must have the four prescribed extensions and no other"
    parsed.verify_directly_issued_by(parsed)
    return ""
