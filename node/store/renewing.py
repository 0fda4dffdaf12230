"""Vault keys that are retired, and vaults that a guardian has set aside. Owns the statements; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_renewing import forgotten, renewals, ward_vaults
from node.store.sql import Query, Statement, insert_new, upsert


class RenewalRow(NamedTuple):
    """How far a member's copies are laid again; fields as in ``schema_renewing``, ``state`` the service's."""

    member: bytes
    state: str
    again: int
    begun: int
    names: bytes
    place: int
    chunks: int
    upto: int
    version: int
    updated: int


class ForgottenRow(NamedTuple):
    """A guardian's last word about vaults before ``version``; ``until`` 0: it has none. Times µs UTC."""

    member: bytes
    guardian: bytes
    version: int
    until: int
    word: bytes
    time: int


class AsideRow(NamedTuple):
    """A ward's vault that was replaced by one which lacks a key of it; kept until ``until`` (µs UTC)."""

    member: bytes
    version: int
    wire: bytes
    until: int


_bind = sa.bindparam
_RENEWAL = sa.select(*(renewals.c[name] for name in RenewalRow._fields))
_GET = Query(RenewalRow._make, _RENEWAL.where(renewals.c.member == _bind("member")))
_RENEWALS = Query(RenewalRow._make, _RENEWAL.order_by(renewals.c.member))
_PUT = upsert(renewals, RenewalRow._fields)
_DROP = tuple(Statement(sa.delete(table).where(table.c.member == _bind("member"))) for table in (renewals, forgotten))
_WORDS = Query(
    ForgottenRow._make,
    sa.select(*(forgotten.c[name] for name in ForgottenRow._fields))
    .where(forgotten.c.member == _bind("member"))
    .order_by(forgotten.c.guardian),
)
_WORD_PUT = upsert(forgotten, ForgottenRow._fields)
_ASIDE = sa.select(*(ward_vaults.c[name] for name in AsideRow._fields))
_ASIDE_OF = Query(
    AsideRow._make, _ASIDE.where(ward_vaults.c.member == _bind("member")).order_by(ward_vaults.c.version.desc())
)
_ASIDE_PUT = insert_new(ward_vaults, AsideRow._fields)
_ASIDE_DROP = Statement(
    sa.delete(ward_vaults).where(ward_vaults.c.member == _bind("member"), ward_vaults.c.version == _bind("version"))
)
_ASIDE_OVER = Statement(sa.delete(ward_vaults).where(ward_vaults.c.until <= _bind("now")))
_ASIDE_FORGET = Statement(sa.delete(ward_vaults).where(ward_vaults.c.member == _bind("member")))


class Renewing(Repository):
    """At a home: keys that go. At a guardian: vaults that are set aside."""

    def get(self, member: bytes) -> RenewalRow | None:
        """How far one member is, or None if nothing was ever retired."""
        return self._db.one(_GET, member=member)

    def all(self) -> list[RenewalRow]:
        """Every member of which something was retired."""
        return self._db.all(_RENEWALS)

    def put(self, row: RenewalRow) -> None:
        """Set one."""
        self._db.run_many(_PUT, [row])

    def drop(self, member: bytes) -> None:
        """Forget how far a member was: its copies go on from elsewhere."""
        for statement in _DROP:
            self._db.run(statement, member=member)

    def words(self, member: bytes) -> list[ForgottenRow]:
        """What guardians said last of one member."""
        return self._db.all(_WORDS, member=member)

    def put_word(self, row: ForgottenRow) -> None:
        """Set one."""
        self._db.run_many(_WORD_PUT, [row])

    def aside(self, member: bytes) -> list[AsideRow]:
        """Vaults of a ward that are set aside, the newest first."""
        return self._db.all(_ASIDE_OF, member=member)

    def put_aside(self, row: AsideRow) -> None:
        """Keep one; what is kept under its version stays: an epoch's thief could count anew."""
        self._db.run_many(_ASIDE_PUT, [row])

    def drop_aside(self, member: bytes, version: int) -> None:
        """One is in use again."""
        self._db.run(_ASIDE_DROP, member=member, version=version)

    def forget_ward(self, member: bytes) -> None:
        """Everything that is set aside for a ward."""
        self._db.run(_ASIDE_FORGET, member=member)

    def forget_over(self, now: int) -> int:
        """Destroy what is kept until ``now`` or less; how many."""
        gone = self._db.run(_ASIDE_OVER, now=now)
        self._session.erased |= gone > 0
        return gone
