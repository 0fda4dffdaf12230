"""What only the subscriber's browser can read: RFC 8291 over RFC 8188 (aes128gcm); who sends it: RFC 8292 (VAPID).

Pure but for the keys handed in. Sources: RFC 8291 §3.4, RFC 8188 §2, RFC 8292 §2 and §3.
"""

from __future__ import annotations

import json
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from node.services.notices.browsers import encoded, public_text

RECORD_BYTES: Final = 4096
MAX_TEXT_BYTES: Final = 2_000
PADDED_BYTES: Final = 512  # every notice has the same length on its way, in steps of this


def sealed(text: bytes, public: bytes, secret: bytes, salt: bytes, own: ec.EllipticCurvePrivateKey) -> bytes:
    """The body of a push message: one record. ``own``: a key for this message only; ``salt``: 16 bytes."""
    if len(text) > MAX_TEXT_BYTES:
        raise ValueError(f"a notice of {len(text)} bytes; at most {MAX_TEXT_BYTES}")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ec.ECDH(), theirs)
    first = _derived(shared, secret, b"WebPush: info\0" + public + point, 32)
    key = _derived(first, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(first, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4) + bytes([len(point)]) + point
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def padded(text: bytes) -> bytes:
    """JSON with spaces behind it, so that lengths tell nothing."""
    return text + b" " * (-len(text) % PADDED_BYTES)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def authorization(key: ec.EllipticCurvePrivateKey, audience: str, subject: str, expires_s: int) -> str:
    """The header by which a push service knows the node. ``audience``: scheme and host of the endpoint."""
    claims = {"aud": audience, "exp": expires_s, "sub": subject}
    head = encoded(json.dumps({"typ": "JWT", "alg": "ES256"}, separators=(",", ":")).encode())
    said = f"{head}.{encoded(json.dumps(claims, separators=(',', ':')).encode())}"
    r, s = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={said}.{encoded(r.to_bytes(32) + s.to_bytes(32))}, k={public_text(key)}"
