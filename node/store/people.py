"""What is known of people: tables ``user_invitations``, ``passkeys``, ``totp``, ``access_log``, ``user_settings``,
``view_grants``."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_people import access_log, passkeys, totp, user_invitations, user_settings, view_grants
from node.store.sql import Query, Statement, insert_rows, upsert


class UserInvitationRow(NamedTuple):
    """A one-time link, by the hash of its secret. ``user`` set: a new way in for an existing user."""

    hash: bytes
    member: bytes | None
    role: str
    user: bytes | None
    note: str
    created_by: bytes | None
    created: int
    expires: int
    used: int | None
    revoked: int | None


class PasskeyRow(NamedTuple):
    """A passkey: credential id, COSE public key, the counter that it last showed."""

    id: bytes
    user: bytes
    public_key: bytes
    sign_count: int
    label: str
    transports: str
    created: int
    last_used: int


class TotpRow(NamedTuple):
    """A second factor. ``secret`` wrapped; ``confirmed`` None until a first code was right; ``last_step`` was used."""

    user: bytes
    secret: bytes
    created: int
    confirmed: int | None
    last_step: int


class AccessRow(NamedTuple):
    """One line of the access log. ``member`` None: of the association itself."""

    position: int
    member: bytes | None
    time: int
    user: bytes | None
    name: str
    what: str
    detail: str
    address: str


class UserSettingsRow(NamedTuple):
    """What a user chose. ``language`` and ``zone`` (IANA) empty: the default; ``notices`` as its service packs them."""

    user: bytes
    shown_name: str
    email: str
    language: str
    zone: str
    notices: str


class ViewGrantRow(NamedTuple):
    """A member's leave for staff to see its papers. ``expires``: of the code; ``until``: of the view once opened."""

    id: bytes
    member: bytes
    code_hash: bytes
    created_by: bytes
    created: int
    expires: int
    failures: int
    staff: bytes | None
    opened: int | None
    until: int | None
    revoked: int | None


_INVITATION = sa.select(*(user_invitations.c[name] for name in UserInvitationRow._fields))
_INVITATION_PUT = upsert(user_invitations, UserInvitationRow._fields)
_INVITATION_GET = Query(UserInvitationRow._make, _INVITATION.where(user_invitations.c.hash == sa.bindparam("hash")))
_INVITATIONS = Query(
    UserInvitationRow._make,
    _INVITATION.order_by(user_invitations.c.created.desc(), user_invitations.c.hash),
)

_PASSKEY = sa.select(*(passkeys.c[name] for name in PasskeyRow._fields))
_PASSKEY_ADD = insert_rows(passkeys, PasskeyRow._fields)
_PASSKEY_GET = Query(PasskeyRow._make, _PASSKEY.where(passkeys.c.id == sa.bindparam("id")))
_PASSKEYS_OF = Query(
    PasskeyRow._make,
    _PASSKEY.where(passkeys.c.user == sa.bindparam("user")).order_by(passkeys.c.created, passkeys.c.id),
)
_PASSKEY_USED = Statement(
    sa.update(passkeys)
    .where(passkeys.c.id == sa.bindparam("which"))
    .values(sign_count=sa.bindparam("count"), last_used=sa.bindparam("moment"))
)
_PASSKEY_DROP = Statement(
    sa.delete(passkeys).where(passkeys.c.id == sa.bindparam("id"), passkeys.c.user == sa.bindparam("user"))
)

_TOTP = sa.select(*(totp.c[name] for name in TotpRow._fields))
_TOTP_PUT = upsert(totp, TotpRow._fields)
_TOTP_GET = Query(TotpRow._make, _TOTP.where(totp.c.user == sa.bindparam("user")))
_TOTP_DROP = Statement(sa.delete(totp).where(totp.c.user == sa.bindparam("user")))

_ACCESS = sa.select(*(access_log.c[name] for name in AccessRow._fields))
_ACCESS_ADD = insert_rows(access_log, AccessRow._fields)
_LATEST = access_log.c.position < sa.bindparam("before")
_ACCESS_OF = Query(
    AccessRow._make,
    _ACCESS.where(access_log.c.member == sa.bindparam("member"), _LATEST)
    .order_by(access_log.c.position.desc())
    .limit(sa.bindparam("limit")),
)
_ACCESS_ALL = Query(
    AccessRow._make, _ACCESS.where(_LATEST).order_by(access_log.c.position.desc()).limit(sa.bindparam("limit"))
)

_SETTINGS = sa.select(*(user_settings.c[name] for name in UserSettingsRow._fields))
_SETTINGS_PUT = upsert(user_settings, UserSettingsRow._fields)
_SETTINGS_GET = Query(UserSettingsRow._make, _SETTINGS.where(user_settings.c.user == sa.bindparam("user")))

_GRANT = sa.select(*(view_grants.c[name] for name in ViewGrantRow._fields))
_GRANT_PUT = upsert(view_grants, ViewGrantRow._fields)
_GRANT_GET = Query(ViewGrantRow._make, _GRANT.where(view_grants.c.id == sa.bindparam("id")))
_GRANTS_OF = Query(
    ViewGrantRow._make,
    _GRANT.where(view_grants.c.member == sa.bindparam("member"))
    .order_by(view_grants.c.created.desc(), view_grants.c.id)
    .limit(sa.bindparam("limit")),
)


class UserInvitations(Repository):
    """One-time links."""

    def put(self, row: UserInvitationRow) -> None:
        """Add or replace one."""
        self._db.run_many(_INVITATION_PUT, [row])

    def get(self, hashed: bytes) -> UserInvitationRow | None:
        """One, used or not, or None."""
        return self._db.one(_INVITATION_GET, hash=hashed)

    def all(self) -> list[UserInvitationRow]:
        """Every one, latest first."""
        return self._db.all(_INVITATIONS)


class Passkeys(Repository):
    """Passkeys."""

    def add(self, row: PasskeyRow) -> None:
        """Add one; a credential id that is there already is an integrity error."""
        self._db.run_many(_PASSKEY_ADD, [row])

    def get(self, credential: bytes) -> PasskeyRow | None:
        """One by its credential id, or None."""
        return self._db.one(_PASSKEY_GET, id=credential)

    def of(self, user: bytes) -> list[PasskeyRow]:
        """A user's passkeys, oldest first."""
        return self._db.all(_PASSKEYS_OF, user=user)

    def used(self, credential: bytes, count: int, now: int) -> None:
        """It was used and showed this count."""
        self._db.run(_PASSKEY_USED, which=credential, count=count, moment=now)

    def drop(self, user: bytes, credential: bytes) -> bool:
        """Take one of a user's out; whether it was there."""
        return self._db.run(_PASSKEY_DROP, id=credential, user=user) == 1


class Totp(Repository):
    """Second factors, at most one for each user."""

    def put(self, row: TotpRow) -> None:
        """Add or replace."""
        self._db.run_many(_TOTP_PUT, [row])

    def get(self, user: bytes) -> TotpRow | None:
        """A user's, or None."""
        return self._db.one(_TOTP_GET, user=user)

    def drop(self, user: bytes) -> bool:
        """Take it out; whether it was there."""
        return self._db.run(_TOTP_DROP, user=user) == 1


class AccessLog(Repository):
    """What people did and saw. Rows are added and never changed."""

    def add(self, row: AccessRow) -> int:
        """Add a line; its position replaces the one given."""
        (position,) = self._session.reserve("access", 1)
        self._db.run_many(_ACCESS_ADD, [row._replace(position=position)])
        return position

    def latest(self, limit: int, *, member: bytes | None = None, before: int = 2**62) -> list[AccessRow]:
        """At most ``limit`` lines, latest first; of one member where it is named."""
        if member is None:
            return self._db.all(_ACCESS_ALL, before=before, limit=limit)
        return self._db.all(_ACCESS_OF, member=member, before=before, limit=limit)


class UserSettings(Repository):
    """What users chose."""

    def put(self, row: UserSettingsRow) -> None:
        """Add or replace."""
        self._db.run_many(_SETTINGS_PUT, [row])

    def get(self, user: bytes) -> UserSettingsRow | None:
        """A user's, or None."""
        return self._db.one(_SETTINGS_GET, user=user)


class ViewGrants(Repository):
    """Leaves for staff to see a member's papers."""

    def put(self, row: ViewGrantRow) -> None:
        """Add or replace one."""
        self._db.run_many(_GRANT_PUT, [row])

    def get(self, grant: bytes) -> ViewGrantRow | None:
        """One, or None."""
        return self._db.one(_GRANT_GET, id=grant)

    def of(self, member: bytes, limit: int = 20) -> list[ViewGrantRow]:
        """A member's, latest first."""
        return self._db.all(_GRANTS_OF, member=member, limit=limit)
