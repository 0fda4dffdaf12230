"""One-time links: by them people join a member or the association, and come back after losing password or device.

Owns what a link is good for and how long. Only SHA-256 of its secret is kept. A link for somebody who has a login
already (recovery) takes away the old password, passkeys, code app and sessions: whoever found the lost device is out.
"""

from __future__ import annotations

import base64
from typing import Final, NamedTuple

from node.i18n import N_
from node.services import access, login, preferences, users
from node.services.house import House
from node.services.policy import ASSOCIATION_ROLES, Role, role_of
from node.services.sessions import DAY_US, Opened
from node.services.tokens import hash_of
from node.store import Tx, UserInvitationRow, UserRow
from protocol.errors import CallerFault, NotFound

LIFETIME_US: Final = 7 * DAY_US
SECRET_BYTES: Final = 24
MAX_NOTE_CHARS: Final = 80
MAX_OPEN: Final = 50
PATH: Final = "/join/"


class Link(NamedTuple):
    """A new link: its secret, shown once, and its row."""

    secret: str
    row: UserInvitationRow

    @property
    def path(self) -> str:
        """Where it leads, behind the node's own address."""
        return PATH + self.secret


class Invited(NamedTuple):
    """A link that is good now, and for whom. ``house_name``: the member's or the association's."""

    row: UserInvitationRow
    house_name: str
    user: UserRow | None


def invite(
    house: House,
    tx: Tx,
    member: bytes | None,
    role: str,
    *,
    note: str = "",
    by: UserRow | None = None,
    address: str = "",
) -> Link:
    """A link for a new user of ``member`` (None: of the association). ``note``: for whom, in the inviter's words."""
    wanted = role_of(role)
    if (wanted in ASSOCIATION_ROLES) != (member is None):
        raise CallerFault("role", users.WRONG_HOUSE)
    if member is not None:
        users.require_house(tx, member)
    if len(note) > MAX_NOTE_CHARS or not note.isprintable():
        raise CallerFault("note", N_("Enter at most 80 characters."))
    if len(open_for(tx, member, house.clock())) >= MAX_OPEN:
        raise CallerFault("note", N_("50 invitations are open. Withdraw those that nobody needs."))
    made = _make(
        house, tx, UserInvitationRow(b"", member, wanted.value, None, note.strip(), None, 0, 0, None, None), by
    )
    access.note(
        house, tx, "invited", member=member, user=by, name=_by(by), detail=f"{wanted.value} {note}", address=address
    )
    return made


def recover(house: House, tx: Tx, user: UserRow, *, by: UserRow | None = None, address: str = "") -> Link:
    """A link by which ``user`` chooses a new password. Nothing of theirs changes before they use it."""
    row = UserInvitationRow(b"", user.member, user.role, user.id, user.name, None, 0, 0, None, None)
    made = _make(house, tx, row, by)
    access.note(
        house, tx, "recovery-issued", member=user.member, user=by, name=_by(by), detail=user.name, address=address
    )
    return made


def _by(by: UserRow | None) -> str:
    return "" if by is not None else "yui user"  # the command line at the node's own machine


def _make(house: House, tx: Tx, row: UserInvitationRow, by: UserRow | None) -> Link:
    secret = base64.urlsafe_b64encode(house.entropy(SECRET_BYTES)).decode()
    now = house.clock()
    made = row._replace(
        hash=hash_of(secret), created_by=None if by is None else by.id, created=now, expires=now + LIFETIME_US
    )
    tx.user_invitations.put(made)
    return Link(secret, made)


def open_for(tx: Tx, member: bytes | None, now: int) -> list[UserInvitationRow]:
    """Links that are good now, of a member or (None) of the association, latest first."""
    return [row for row in tx.user_invitations.all() if row.member == member and _good(row, now)]


def _good(row: UserInvitationRow, now: int) -> bool:
    return row.used is None and row.revoked is None and now < row.expires


def withdraw(
    house: House, tx: Tx, member: bytes | None, hashed: bytes, *, by: UserRow, address: str = ""
) -> UserInvitationRow:
    """Make a link useless. NotFound for another house's."""
    row = tx.user_invitations.get(hashed)
    if row is None or row.member != member or not _good(row, house.clock()):
        raise NotFound("invitation", "no such invitation")
    changed = row._replace(revoked=house.clock())
    tx.user_invitations.put(changed)
    access.note(house, tx, "invitation-withdrawn", member=member, user=by, detail=row.note, address=address)
    return changed


def look(house: House, tx: Tx, secret: str) -> Invited:
    """What a link is good for. NotFound for one that is used, withdrawn, too old or unknown: they look the same."""
    row = tx.user_invitations.get(hash_of(secret))
    if row is None or not _good(row, house.clock()):
        raise NotFound("invitation", "no such invitation")
    member = None if row.member is None else tx.members.get(row.member)
    user = None if row.user is None else tx.users.get(row.user)
    if (row.member is not None and (member is None or not member.local)) or (row.user is not None and user is None):
        raise NotFound("invitation", "no such invitation")
    return Invited(row, house.name if member is None else member.name, user)


def accept(
    house: House,
    tx: Tx,
    secret: str,
    name: str,
    shown_name: str,
    hashed: str,
    *,
    language: str,
    address: str = "",
    agent: str = "",
) -> Opened:
    """Use a link: a new user (or an old one with a new password), logged in. ``hashed``: the password's hash."""
    invited = look(house, tx, secret)
    row = invited.row
    if invited.user is None:
        user = users.add(house, tx, row.member, login.normal(name), row.role, hashed)
        what = "joined"
    else:
        user = _replaced(house, tx, invited.user, hashed)
        what = "recovered"
    preferences.introduce(tx, user.id, shown_name or user.name, preferences.email_of(tx, user.id))
    preferences.speak(tx, user.id, language)
    tx.user_invitations.put(row._replace(used=house.clock()))
    access.note(house, tx, what, member=user.member, user=user, address=address)
    return login.succeeded(house, tx, user, "link", address=address, agent=agent)


def _replaced(house: House, tx: Tx, user: UserRow, hashed: str) -> UserRow:
    users.renew(tx, user.id, hashed)
    tx.sessions.revoke_of(user.id, house.clock())
    tx.totp.drop(user.id)
    for key in tx.passkeys.of(user.id):
        tx.passkeys.drop(user.id, key.id)
    return user._replace(password_hash=hashed)


def roles_for(member: bytes | None) -> tuple[Role, ...]:
    """The roles that may be given in a house, the least powerful first."""
    return (Role.SUPPORTER, Role.STAFF, Role.ADMIN) if member is None else (Role.VIEWER, Role.CLERK, Role.OWNER)
