"""Members, their control logs and their wrapped keys: tables ``members``, ``controls``, ``wrapped_keys``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import controls, members, wrapped_keys
from node.store.sql import ListQuery, Query, Statement, first, insert_new, insert_rows, upsert


class MemberRow(NamedTuple):
    """A member that is known. ``home``: its node; ``epoch``: its current epoch's hash; ``local``: served here."""

    member: bytes
    genesis: bytes
    name: str
    local: bool
    home: bytes | None
    epoch: bytes | None
    epoch_number: int
    suspended: bool
    head_control: bytes | None
    created: int


class ControlRow(NamedTuple):
    """One signed record of a member's control log; ``first_seen`` µs, ``wire`` as it came."""

    hash: bytes
    member: bytes
    number: int
    prev: bytes
    kind: str
    rank: int
    first_seen: int
    superseded: bool
    wire: bytes


class WrappedKeyRow(NamedTuple):
    """A secret key under the node's secret, named by what it is for and whom it belongs to."""

    purpose: str
    subject: bytes
    wrapped: bytes
    created: int


_MEMBER = sa.select(*(members.c[name] for name in MemberRow._fields))
_GET = Query(MemberRow._make, _MEMBER.where(members.c.member == sa.bindparam("member")))
_GET_MANY = ListQuery(MemberRow._make, lambda v: _MEMBER.where(members.c.member.in_(v)))
_ALL = Query(MemberRow._make, _MEMBER.order_by(members.c.created, members.c.member))
_LOCAL = Query(
    MemberRow._make,
    _MEMBER.where(members.c.local == sa.bindparam("local")).order_by(members.c.created, members.c.member),
)
_PUT = upsert(members, MemberRow._fields)

_CONTROL = sa.select(*(controls.c[name] for name in ControlRow._fields))
_CONTROL_GET = Query(ControlRow._make, _CONTROL.where(controls.c.hash == sa.bindparam("hash")))
_CONTROLS_OF = Query(
    ControlRow._make,
    _CONTROL.where(controls.c.member == sa.bindparam("member")).order_by(
        controls.c.number, controls.c.first_seen, controls.c.hash
    ),
)
_CONTROLS_KNOWN = ListQuery(first, lambda v: sa.select(controls.c.hash).where(controls.c.hash.in_(v)))
_CONTROL_ADD = insert_new(controls, ControlRow._fields)
_SUPERSEDE = Statement(
    sa.update(controls).where(controls.c.hash == sa.bindparam("which")).values(superseded=sa.bindparam("superseded"))
)

_KEY = sa.select(*(wrapped_keys.c[name] for name in WrappedKeyRow._fields))
_KEY_GET = Query(
    WrappedKeyRow._make,
    _KEY.where(wrapped_keys.c.purpose == sa.bindparam("purpose"), wrapped_keys.c.subject == sa.bindparam("subject")),
)
_KEYS_OF = Query(
    WrappedKeyRow._make,
    _KEY.where(wrapped_keys.c.purpose == sa.bindparam("purpose")).order_by(wrapped_keys.c.subject),
)
_KEY_ADD = insert_rows(wrapped_keys, WrappedKeyRow._fields)
_KEY_PUT = upsert(wrapped_keys, WrappedKeyRow._fields)
_KEY_DELETE = Statement(
    sa.delete(wrapped_keys).where(
        wrapped_keys.c.purpose == sa.bindparam("purpose"), wrapped_keys.c.subject == sa.bindparam("subject")
    )
)


class Members(Repository):
    """Who is known here."""

    def put(self, row: MemberRow) -> None:
        """Add the member or replace what is known of it."""
        self._db.run_many(_PUT, [row])

    def put_many(self, rows: Iterable[MemberRow]) -> None:
        """:meth:`put` for many."""
        self._db.run_many(_PUT, rows)

    def get(self, member: bytes) -> MemberRow | None:
        """One member, or None."""
        return self._db.one(_GET, member=member)

    def get_many(self, wanted: Iterable[bytes]) -> dict[bytes, MemberRow]:
        """Those of ``wanted`` that are known, by id."""
        return {row.member: row for row in self._db.by_values(_GET_MANY, wanted)}

    def all(self, *, local: bool | None = None) -> list[MemberRow]:
        """Every member, oldest first; only those served here (or not here) if ``local`` is given."""
        return self._db.all(_ALL) if local is None else self._db.all(_LOCAL, local=local)


class Controls(Repository):
    """Control logs, as they came."""

    def add_many(self, rows: Iterable[ControlRow]) -> None:
        """Add records; one that is there already is left alone."""
        self._db.run_many(_CONTROL_ADD, rows)

    def add(self, row: ControlRow) -> None:
        """Add one record."""
        self.add_many([row])

    def get(self, hashed: bytes) -> ControlRow | None:
        """One record by its hash."""
        return self._db.one(_CONTROL_GET, hash=hashed)

    def known(self, hashes: Iterable[bytes]) -> set[bytes]:
        """Those of ``hashes`` that are stored."""
        return set(self._db.by_values(_CONTROLS_KNOWN, hashes))

    def by_member(self, member: bytes) -> list[ControlRow]:
        """The member's whole log, by number, then by when it was first seen."""
        return self._db.all(_CONTROLS_OF, member=member)

    def set_superseded(self, hashes: Sequence[bytes], superseded: bool) -> None:
        """Mark records that an undo took out of force (or put back)."""
        for hashed in hashes:
            self._db.run(_SUPERSEDE, which=hashed, superseded=superseded)


class WrappedKeys(Repository):
    """Signing keys at rest."""

    def add(self, row: WrappedKeyRow) -> None:
        """Add a key that is not there yet; the engine's integrity error otherwise."""
        self._db.run_many(_KEY_ADD, [row])

    def put(self, row: WrappedKeyRow) -> None:
        """Add or replace a key."""
        self._db.run_many(_KEY_PUT, [row])

    def get(self, purpose: str, subject: bytes) -> WrappedKeyRow | None:
        """One key, or None."""
        return self._db.one(_KEY_GET, purpose=purpose, subject=subject)

    def by_purpose(self, purpose: str) -> list[WrappedKeyRow]:
        """Every key of one purpose."""
        return self._db.all(_KEYS_OF, purpose=purpose)

    def destroy(self, purpose: str, subject: bytes) -> None:
        """Destroy a key that may not be found again, also not in what the engine has still to move."""
        self.delete(purpose, subject)
        self._session.erased = True

    def delete(self, purpose: str, subject: bytes) -> None:
        """Destroy a key."""
        self._db.run(_KEY_DELETE, purpose=purpose, subject=subject)
