"""Users: logins of a member at this node, with a role. Owns names and password hashes; sessions are elsewhere.

Hashing takes about 0.3 s and much memory on purpose: it is done before the transaction, never inside it.
"""

from __future__ import annotations

import re
from typing import Final

from argon2 import PasswordHasher

from node.services.house import House
from node.services.policy import role_of
from node.store import Tx, UserRow
from protocol.errors import CallerFault, NotFound

MIN_PASSWORD_CHARS: Final = 12
MAX_PASSWORD_CHARS: Final = 1_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
_HASHER: Final = PasswordHasher()


def password_hash(password: str) -> str:
    """The Argon2id hash that is stored. CallerFault for a password that is too short or too long."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise CallerFault("password", f"{MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters")
    return _HASHER.hash(password)


def add(house: House, tx: Tx, member: bytes, name: str, role: str, hashed: str) -> UserRow:
    """A new login of ``member``. ``hashed``: from :func:`password_hash`. Raises CallerFault for a name in use."""
    if not _NAME.fullmatch(name):
        raise CallerFault("name", "2 to 64 of a-z 0-9 . _ @ + -, starting with a letter or digit")
    if tx.users.by_name(name) is not None:
        raise CallerFault("name", "another user has this name already", code="name-taken")
    member_row = tx.members.get(member)
    if member_row is None or not member_row.local:
        raise NotFound("member", "no such member at this node")
    row = UserRow(house.entropy(16), member, name, role_of(role).value, hashed, house.clock(), False)
    tx.users.put(row)
    return row


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
