"""Bearer tokens: made, checked, revoked. Only SHA-256 of a token is kept; the text is shown once.

Owns what makes a token good at a moment. Knows no HTTP. A token speaks for one member (or, without one, for the node's
own monitoring), and never for more than the role of the user whom it belongs to.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final, NamedTuple

from node.services.house import House
from node.services.policy import MEMBER_SCOPES, ROLES, Role, Scope, scopes_of, text_of
from node.store import TokenRow, Tx
from protocol.errors import CallerFault, NotAuthorised, NotFound

PREFIX: Final = "yui_"
SECRET_BYTES: Final = 32
MAX_LABEL_CHARS: Final = 100
TOUCH_EVERY_US: Final = 60 * 1_000_000


class Principal(NamedTuple):
    """Who calls. ``token`` is the hash; ``member`` None: the node's own monitoring, or nobody. ``last_used`` µs."""

    token: bytes
    member: bytes | None
    user: bytes | None
    label: str
    scopes: frozenset[Scope]
    suspended: bool = False
    last_used: int = 0

    def require_member(self) -> bytes:
        """The member that the token speaks for. NotAuthorised when it speaks for none."""
        if self.member is None:
            raise NotAuthorised("this token speaks for no member")
        return self.member


ANYBODY: Final = Principal(b"", None, None, "", frozenset())


class Token(NamedTuple):
    """A new token: its text, which is shown once, and its row."""

    text: str
    row: TokenRow


def hash_of(text: str) -> bytes:
    """What the store knows of a token."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def create(
    house: House,
    tx: Tx,
    member: bytes | None,
    label: str,
    scopes: str = "",
    *,
    user: str = "",
    lifetime_us: int | None = None,
) -> Token:
    """A new token for ``member``. ``scopes``: words separated by spaces; empty means all that it may have."""
    if not label.strip() or len(label) > MAX_LABEL_CHARS or not label.isprintable():
        raise CallerFault("label", f"1 to {MAX_LABEL_CHARS} printable characters: what the token is for")
    owner, allowed = None, MEMBER_SCOPES if member is not None else frozenset({Scope.METRICS})
    if user:
        row = tx.users.by_name(user)
        if row is None or row.disabled or row.member != member:
            raise NotFound("user", "no such user of this member")
        owner, allowed = row.id, ROLES[Role(row.role)]
    wanted = scopes_of(scopes) or allowed
    if not wanted <= allowed:
        raise CallerFault("scopes", f"not allowed here: {text_of(wanted - allowed)}")
    if lifetime_us is not None and lifetime_us <= 0:
        raise CallerFault("expires", "must lie in the future")
    now = house.clock()
    text = PREFIX + base64.urlsafe_b64encode(house.entropy(SECRET_BYTES)).rstrip(b"=").decode()
    expires = None if lifetime_us is None else now + lifetime_us
    found = TokenRow(hash_of(text), label, owner, member, text_of(wanted), now, expires, None, 0)
    tx.tokens.add(found)
    return Token(text, found)


def check(tx: Tx, hashed: bytes, now: int) -> Principal | None:
    """Who calls with this token, or None if it is unknown, expired, revoked, or its user is disabled."""
    row = tx.tokens.get(hashed)
    if row is None or row.revoked is not None or (row.expires is not None and row.expires <= now):
        return None
    scopes = scopes_of(row.scopes)
    if row.user is not None:
        user = tx.users.get(row.user)
        if user is None or user.disabled or user.member != row.member:
            return None
        scopes &= ROLES[Role(user.role)]
    suspended = False
    if row.member is not None:
        member = tx.members.get(row.member)
        if member is None or not member.local:
            return None
        suspended = member.suspended
    return Principal(hashed, row.member, row.user, row.label, scopes, suspended, row.last_used)


def revoke(tx: Tx, prefix: str, now: int) -> TokenRow:
    """Take the token whose hash starts with ``prefix`` (at least 8 hexadecimal digits) out of use, at once."""
    found = [row for row in tx.tokens.all() if row.hash.hex().startswith(prefix.lower())] if len(prefix) >= 8 else []
    if len(found) != 1:
        raise NotFound("token", "no such token: give at least 8 digits of its id, as the list shows it")
    tx.tokens.revoke(found[0].hash, now)
    return found[0]._replace(revoked=found[0].revoked or now)
