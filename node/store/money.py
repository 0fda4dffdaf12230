"""A member's own bank account, the changes of its terms, and the files it made for its bank."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_money import own_accounts, terms_changes, transfers
from node.store.sql import Query, Statement, insert_rows, upsert


class OwnAccountRow(NamedTuple):
    """From where a member pays. ``by``: who wrote it; ``updated``: µs UTC."""

    member: bytes
    version: int
    updated: int
    by: str
    data: bytes


class TermsChangeRow(NamedTuple):
    """The terms with a partner as they were from ``time`` on."""

    member: bytes
    partner: bytes
    version: int
    time: int
    by: str
    data: bytes


class TransferRow(NamedTuple):
    """A file for the bank. ``day``: on which the bank pays; ``state``: made, paid or withdrawn, since ``ended``."""

    id: bytes
    member: bytes
    time: int
    by: str
    day: str
    total: int
    state: str
    ended: int
    ended_by: str
    data: bytes


_bind = sa.bindparam
_ACCOUNT_PUT = upsert(own_accounts, OwnAccountRow._fields)
_ACCOUNT_GET = Query(
    OwnAccountRow._make,
    sa.select(*(own_accounts.c[name] for name in OwnAccountRow._fields)).where(
        own_accounts.c.member == _bind("member")
    ),
)
_CHANGE_ADD = insert_rows(terms_changes, TermsChangeRow._fields)
_CHANGES = Query(
    TermsChangeRow._make,
    sa.select(*(terms_changes.c[name] for name in TermsChangeRow._fields))
    .where(terms_changes.c.member == _bind("member"), terms_changes.c.partner == _bind("partner"))
    .order_by(terms_changes.c.version.desc())
    .limit(_bind("limit")),
)
_TRANSFER = sa.select(*(transfers.c[name] for name in TransferRow._fields))
_TRANSFER_ADD = insert_rows(transfers, TransferRow._fields)
_TRANSFER_GET = Query(
    TransferRow._make, _TRANSFER.where(transfers.c.id == _bind("which"), transfers.c.member == _bind("member"))
)
_TRANSFERS = Query(
    TransferRow._make,
    _TRANSFER.where(transfers.c.member == _bind("member"))
    .order_by(transfers.c.time.desc(), transfers.c.id)
    .limit(_bind("limit")),
)
_TRANSFER_END = Statement(
    sa.update(transfers)
    .where(transfers.c.id == _bind("which"), transfers.c.state == "made")
    .values(state=_bind("state"), ended=_bind("ended"), ended_by=_bind("ended_by"))
)


class Money(Repository):
    """Each row by its member."""

    def put_account(self, row: OwnAccountRow) -> None:
        """Set the member's own account."""
        self._db.run_many(_ACCOUNT_PUT, [row])

    def account(self, member: bytes) -> OwnAccountRow | None:
        """The member's own account."""
        return self._db.one(_ACCOUNT_GET, member=member)

    def add_terms_change(self, row: TermsChangeRow) -> None:
        """Write down what terms are now."""
        self._db.run_many(_CHANGE_ADD, [row])

    def terms_changes(self, member: bytes, partner: bytes, limit: int) -> list[TermsChangeRow]:
        """Latest first."""
        return self._db.all(_CHANGES, member=member, partner=partner, limit=limit)

    def add_transfer(self, row: TransferRow) -> None:
        """Keep a file."""
        self._db.run_many(_TRANSFER_ADD, [row])

    def transfer(self, member: bytes, identity: bytes) -> TransferRow | None:
        """One file of the member."""
        return self._db.one(_TRANSFER_GET, member=member, which=identity)

    def transfers(self, member: bytes, limit: int) -> list[TransferRow]:
        """Latest first."""
        return self._db.all(_TRANSFERS, member=member, limit=limit)

    def end_transfer(self, identity: bytes, state: str, time: int, by: str) -> bool:
        """It was paid or withdrawn; False if it had ended before."""
        return self._db.run(_TRANSFER_END, which=identity, state=state, ended=time, ended_by=by) > 0
