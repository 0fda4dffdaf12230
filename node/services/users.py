"""Users: logins of a member at this node, with a role. Owns names and password hashes; sessions are elsewhere.

Hashing takes about 0.3 s and much memory on purpose: it is done before the transaction, never inside it.
"""

from __future__ import annotations

import re
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from node.i18n import N_
from node.services import access
from node.services.house import House
from node.services.policy import ASSOCIATION_ROLES, Role, role_of
from node.store import Tx, UserRow
from protocol.errors import CallerFault, NotFound

BAD_NAME: Final = N_("Enter 2 to 64 of the letters a-z, digits and . _ @ + -. Begin with a letter or a digit.")
NAME_TAKEN: Final = N_("Somebody has this login name already. Choose another one.")
BAD_PASSWORD: Final = N_("Enter a password of 12 to 1000 characters.")
WRONG_HOUSE: Final = N_("Owners, clerks and viewers belong to a member; staff and administrators to the association.")
LAST_OWNER: Final = N_("This is the last owner. Make somebody else an owner first.")
LAST_ADMIN: Final = N_("This is the last administrator. Make somebody else an administrator first.")
MIN_PASSWORD_CHARS: Final = 12
MAX_PASSWORD_CHARS: Final = 1_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
_HASHER: Final = PasswordHasher()
# the hash of a password that nobody has, made with the same settings: an unknown name costs the same time
_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def password_hash(password: str) -> str:
    """The Argon2id hash that is stored. CallerFault for a password that is too short or too long."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise CallerFault("password", BAD_PASSWORD)
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
        raise CallerFault("name", BAD_NAME)
    if tx.users.by_name(name) is not None:
        raise CallerFault("name", NAME_TAKEN, code="name-taken")
    if (role_of(role) in ASSOCIATION_ROLES) != (member is None):
        raise CallerFault("role", WRONG_HOUSE)
    if member is not None:
        require_house(tx, member)
    row = UserRow(house.entropy(16), member, name, role_of(role).value, hashed, house.clock(), False)
    tx.users.put(row)
    return row


def require_house(tx: Tx, member: bytes) -> None:
    """NotFound unless the member is at home here."""
    row = tx.members.get(member)
    if row is None or not row.local:
        raise NotFound("member", "no such member at this node")


def require(tx: Tx, member: bytes | None, text: str) -> UserRow:
    """A user of a house (None: the association) by the hexadecimal digits of its id; NotFound for anybody else's."""
    try:
        row = tx.users.get(bytes.fromhex(text))
    except ValueError:
        row = None
    if row is None or row.member != member:
        raise NotFound("user", "no such user")
    return row


def of_token(tx: Tx, user: bytes | None) -> UserRow:
    """The login whose token it is. NotFound for a token of the firm, which is no person."""
    row = None if user is None else tx.users.get(user)
    if row is None:
        raise NotFound("user", "this token is of no person: make one for a login")
    return row


def change_role(house: House, tx: Tx, user: UserRow, role: str, *, by: UserRow, address: str = "") -> UserRow:
    """Give a user another role of the same house. CallerFault if the house would have no owner (administrator) left."""
    wanted = role_of(role)
    if (wanted in ASSOCIATION_ROLES) != (user.member is None):
        raise CallerFault("role", WRONG_HOUSE)
    if wanted.value == user.role:
        return user
    changed = user._replace(role=wanted.value)
    _require_somebody_left(tx, user, changed)
    tx.users.put(changed)
    detail = f"{user.name}: {user.role} → {wanted.value}"
    access.note(house, tx, "role-changed", member=user.member, user=by, detail=detail, address=address)
    return changed


def stop(house: House, tx: Tx, user: UserRow, stopped: bool, *, by: UserRow, address: str = "") -> UserRow:
    """Stop a user (its sessions and tokens end with it), or let it in again. CallerFault for the last owner."""
    changed = user._replace(disabled=stopped)
    _require_somebody_left(tx, user, changed)
    tx.users.put(changed)
    if stopped:
        tx.sessions.revoke_of(user.id, house.clock())
    what = "disabled" if stopped else "enabled"
    access.note(house, tx, what, member=user.member, user=by, detail=user.name, address=address)
    return changed


def _require_somebody_left(tx: Tx, before: UserRow, after: UserRow) -> None:
    """A member keeps an owner who can log in, the association an administrator."""
    head = (Role.ADMIN if before.member is None else Role.OWNER).value
    if before.role != head or before.disabled or (after.role == head and not after.disabled):
        return
    others = [row for row in list_of_house(tx, before.member) if row.role == head and not row.disabled]
    if all(row.id == before.id for row in others):
        raise CallerFault("role", LAST_ADMIN if before.member is None else LAST_OWNER, code="last-owner")


def change_password(house: House, tx: Tx, user: UserRow, hashed: str, *, spared: bytes, address: str = "") -> None:
    """A new password (``hashed``); every other session ends, ``spared`` goes on."""
    renew(tx, user.id, hashed)
    tx.sessions.revoke_of(user.id, house.clock(), spared=spared)
    access.note(house, tx, "password-changed", member=user.member, user=user, address=address)


def list_of_house(tx: Tx, member: bytes | None) -> list[UserRow]:
    """The people of a member, or (None) of the association, by login name."""
    return [row for row in tx.users.all() if row.member == member]


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
