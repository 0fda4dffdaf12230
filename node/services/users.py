"""Users: logins of a member at this node, with a role. Owns names and password hashes; sessions are elsewhere.

Hashing takes about 0.3 s and much memory on purpose: it is done before the transaction, never inside it.
"""

from __future__ import annotations

import re
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from node.services.house import House
from node.services.policy import ASSOCIATION_ROLES, role_of
from node.store import Tx, UserRow
from protocol.errors import CallerFault, NotFound

MIN_PASSWORD_CHARS: Final = 12
MAX_PASSWORD_CHARS: Final = 1_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
_HASHER: Final = PasswordHasher()
# the hash of a password that nobody has, made with the same settings: an unknown name costs the same time
_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def password_hash(password: str) -> str:
    """The Argon2id hash that is stored. CallerFault for a password that is too short or too long."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise CallerFault("password", f"{MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters")
    return _HASHER.hash(password)


def verifies(hashed: str, password: str) -> bool:
    """Whether the password is the one that was hashed. As slow for an empty hash (nobody has that name) as for any."""
    try:
        _HASHER.verify(hashed or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(hashed)


def outdated(hashed: str) -> bool:
    """Whether a hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(hashed)


def add(house: House, tx: Tx, member: bytes | None, name: str, role: str, hashed: str) -> UserRow:
    """A new login of ``member``, or (None) of the association. ``hashed``: from :func:`password_hash`.

    Raises CallerFault for a name in use or a role that does not fit.
    """
    if not _NAME.fullmatch(name):
        raise CallerFault("name", "2 to 64 of a-z 0-9 . _ @ + -, starting with a letter or digit")
    if tx.users.by_name(name) is not None:
        raise CallerFault("name", "another user has this name already", code="name-taken")
    if (role_of(role) in ASSOCIATION_ROLES) != (member is None):
        raise CallerFault("role", "owner, clerk and viewer belong to a member, staff and admin to the association")
    member_row = None if member is None else tx.members.get(member)
    if member is not None and (member_row is None or not member_row.local):
        raise NotFound("member", "no such member at this node")
    row = UserRow(house.entropy(16), member, name, role_of(role).value, hashed, house.clock(), False)
    tx.users.put(row)
    return row


def require_active(tx: Tx, name: str, hashed: str) -> UserRow:
    """The user whose password was just verified against ``hashed``; NotFound if it was changed or stopped meanwhile."""
    row = tx.users.by_name(name)
    if row is None or row.disabled or row.password_hash != hashed:
        raise NotFound("user", "no such user")
    return row


def renew(tx: Tx, user: bytes, hashed: str) -> None:
    """Replace a password's hash by another one: of today's settings, or of a new password."""
    row = tx.users.get(user)
    if row is None:
        raise NotFound("user", "no such user")
    tx.users.put(row._replace(password_hash=hashed))


def list_of(tx: Tx, member: bytes | None = None) -> list[UserRow]:
    """Every user, or those of one member, by name."""
    return [row for row in tx.users.all() if member is None or row.member == member]


def disable(tx: Tx, name: str, disabled: bool = True) -> UserRow:
    """Stop (or let in again) a user; its tokens stop with it."""
    row = tx.users.by_name(name)
    if row is None:
        raise NotFound("user", "no such user")
    changed = row._replace(disabled=disabled)
    tx.users.put(changed)
    return changed
