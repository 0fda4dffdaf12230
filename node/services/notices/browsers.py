"""Browsers that take web push: which addresses are taken, how many, and the node's own key that they know (VAPID).

What a browser (or whoever speaks for one) gives as its address is a stranger's word: https only, no user, no address of
a machine inside; where its name leads is checked again at each connection (``node.notices.push``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from federation.addresses import address_problem
from node.i18n import N_
from node.services.house import House
from node.store import SubscriptionRow, Tx, UserRow
from protocol.errors import CallerFault

PURPOSE: Final = "vapid"
KEY: Final = "notices/vapid"
MOST_BROWSERS: Final = 10
MAX_ENDPOINT_CHARS: Final = 1_000
PUBLIC_BYTES: Final = 65
SECRET_BYTES: Final = 16
MAX_LABEL_CHARS: Final = 80
BAD: Final = N_("This browser gave an address that cannot be used.")


def vapid_key(house: House, tx: Tx) -> ec.EllipticCurvePrivateKey:
    """The node's key for push services (RFC 8292), made at its first use, kept wrapped. Needs a write transaction."""
    kept = tx.meta.get(KEY)
    if kept is None:
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        kept = house.wrap.wrap(PURPOSE, house.id, number.to_bytes(32))
        tx.meta.set(KEY, kept)
    return _private(house, kept)


def known_key(house: House, tx: Tx) -> str:
    """The public half as browsers want it; empty as long as there is none."""
    kept = tx.meta.get(KEY)
    return "" if kept is None else public_text(_private(house, kept))


def _private(house: House, kept: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(house.wrap.unwrap(PURPOSE, house.id, kept)), ec.SECP256R1())


def public_text(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half as browsers want it: an uncompressed point in base64url."""
    return encoded(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes again. CallerFault if it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CallerFault("keys", BAD) from None


def add(
    house: House,
    tx: Tx,
    user: UserRow,
    endpoint: str,
    public: bytes,
    secret: bytes,
    label: str,
    *,
    inside: bool = False,
) -> SubscriptionRow:
    """Take a browser of ``user``; the same address again replaces it. CallerFault. ``inside``: as in problem_of."""
    problem = problem_of(endpoint, inside=inside)
    if problem or len(secret) != SECRET_BYTES or not _is_point(public):
        raise CallerFault("endpoint", BAD)
    now, name = house.clock(), hashlib.sha256(user.id + endpoint.encode()).digest()
    others = [row for row in tx.notices.subscriptions(user.id) if row.id != name]
    for row in others[: max(0, len(others) - MOST_BROWSERS + 1)]:
        tx.notices.drop_subscription(user.id, row.id)  # the oldest makes room
    label = "".join(c for c in label if c.isprintable())[:MAX_LABEL_CHARS]
    made = SubscriptionRow(name, user.id, endpoint, public, secret, label, now, 0)
    tx.notices.put_subscription(made)
    return made


def problem_of(endpoint: str, *, inside: bool = False) -> str:
    """Why nothing is ever sent to this address, or empty. ``inside``: private addresses and other ports may be."""
    if len(endpoint) > MAX_ENDPOINT_CHARS or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        return "too long, or not written as an address"
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return "not written as an address"
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or parts.password is not None:
        return "must begin with https:// and name no user"
    if inside:
        return ""
    if port not in (None, 443):
        return "another port than 443"
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        is_name = "." in parts.hostname and any(c.isalpha() for c in parts.hostname.rpartition(".")[2])
        return "" if is_name else "not the name of a host"
    return address_problem(str(address), private_agreed=False)


def _is_point(public: bytes) -> bool:
    if len(public) != PUBLIC_BYTES:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True
