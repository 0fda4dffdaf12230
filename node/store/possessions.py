"""The rows of a member that no document brings back, read and replaced table by table, whatever the tables mean.

Owns which tables those are and how a row is found to be a member's. Not among them: what is made again from documents
(books, bills, threads, talks, catalogues, search), what ends with the node (sessions, browsers for push, views, failed
logins, files half imported), and the access log, which is the node's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import tokens, users
from node.store.schema_datause import data_use_choices, data_use_streets
from node.store.schema_desk import drafts, item_prices, items, payments, shares, terms
from node.store.schema_erasing import erasures
from node.store.schema_grants import sales_grants, sales_told, store_areas
from node.store.schema_importing import import_layouts
from node.store.schema_intake import imports_done, opening_balances
from node.store.schema_joint import joint_arrivals, joint_own, joint_told
from node.store.schema_money import own_accounts, terms_changes, transfers
from node.store.schema_notices import notice_rules
from node.store.schema_people import passkeys, totp, user_invitations, user_settings
from node.store.schema_reach import enquired, enquiries, guest_links, guests
from node.store.sql import Query, Statement, insert_new, plain

Row = tuple[Any, ...]
_MEMBER: Final[sa.BindParameter[Any]] = sa.bindparam("member")
_PRIME: Final[sa.ColumnElement[Any]] = sa.literal_column("1000003")  # sums of times stay far below 2^63


class Column(NamedTuple):
    """A column: its name, what Python keeps in it, whether it may be empty."""

    name: str
    kind: type
    nullable: bool


class Shelf(NamedTuple):
    """One table. ``owner``: the column that names the member, or the user or guest (``through``) that is the member's.

    ``stamps``: columns that tell together with the number of rows whether anything changed; none: read to see.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    owner: str
    through: str
    stamps: tuple[str, ...]

    def key_of(self, row: Sequence[Any]) -> Row:
        """A row's primary key."""
        names = [column.name for column in self.columns]
        return tuple(row[names.index(name)] for name in self.key)


class _Statements(NamedTuple):
    shelf: Shelf
    rows: Query[Row]
    keys: Query[Row]
    stamp: sa.Select[Any] | None
    drop: Statement
    put: Statement


def _kind(column: sa.Column[Any]) -> type:
    if isinstance(column.type, sa.Boolean):
        return bool
    if isinstance(column.type, sa.LargeBinary):
        return bytes
    return str if isinstance(column.type, sa.Text) else int


def _of(table: sa.Table, *stamps: str, owner: str = "member", through: sa.Table | None = None) -> _Statements:
    columns = tuple(Column(str(item.name), _kind(item), bool(item.nullable)) for item in table.columns)
    key = tuple(str(item.name) for item in table.primary_key)
    shelf = Shelf(str(table.name), columns, key, owner, "" if through is None else str(through.name), stamps)
    own: sa.ColumnElement[bool] = table.c[owner] == _MEMBER
    if through is users:
        own = table.c[owner].in_(sa.select(users.c.id).where(users.c.member == _MEMBER))
    elif through is guests:
        own = table.c[owner].in_(sa.select(guests.c.guest).where(guests.c.owner == _MEMBER))
    keys = [table.c[name] for name in key]
    named = [table.c[name] == sa.bindparam(f"key_{name}") for name in key]
    return _Statements(
        shelf,
        Query(plain, sa.select(*table.columns).where(own).order_by(*keys)),
        Query(plain, sa.select(*keys).where(own).order_by(*keys)),
        _stamp(table, stamps, own) if stamps else None,
        Statement(sa.delete(table).where(*named), [f"key_{name}" for name in key]),
        insert_new(table, [column.name for column in columns]),
    )


def _stamp(table: sa.Table, stamps: Sequence[str], own: sa.ColumnElement[bool]) -> sa.Select[Any]:
    zero: sa.ColumnElement[Any] = sa.literal_column("0")
    values: list[sa.ColumnElement[Any]] = [
        made
        for name in (*stamps, *stamps)[:2]
        for made in (
            sa.func.coalesce(sa.func.max(table.c[name]), zero),
            sa.func.coalesce(sa.func.sum(table.c[name] % _PRIME), zero),
        )
    ]
    named: sa.ColumnElement[Any] = sa.literal_column(f"'{table.name}'").label("name")
    return sa.select(named, sa.func.count(), *values).select_from(table).where(own)


#: In the order in which they are put back: users and guests before what is theirs.
_SHELVES: Final[Mapping[str, _Statements]] = {
    found.shelf.name: found
    for found in (
        _of(users),
        _of(user_settings, owner="user", through=users),
        _of(passkeys, owner="user", through=users),
        _of(totp, owner="user", through=users),
        _of(tokens),
        _of(user_invitations),
        _of(notice_rules),
        _of(own_accounts),
        _of(items, "updated"),
        _of(item_prices, "updated"),
        _of(terms, "updated"),
        _of(terms_changes, "time"),
        _of(shares, "updated"),
        _of(drafts, "updated"),
        _of(payments, "time", "undone"),
        _of(transfers, "time", "ended"),
        _of(opening_balances, "updated"),
        _of(enquiries, "created"),
        _of(enquired, "reminded", "declined"),
        _of(guests, "updated", "enrolled", owner="owner"),
        _of(guest_links, "created", "revoked", owner="guest", through=guests),
        _of(import_layouts, "updated"),
        _of(imports_done, "time"),
        _of(erasures, "updated"),
        _of(data_use_choices),
        _of(data_use_streets),
        _of(sales_grants, "changed"),
        _of(sales_told, "time"),
        _of(store_areas),
        _of(joint_own, "time"),
        _of(joint_told),
        _of(joint_arrivals, "time", "revision"),
    )
}
SHELVES: Final[Mapping[str, Shelf]] = {name: found.shelf for name, found in _SHELVES.items()}
_STAMPS: Final = Query(plain, sa.union_all(*(item.stamp for item in _SHELVES.values() if item.stamp is not None)))


class Possessions(Repository):
    """Rows of one member, shelf by shelf (``SHELVES``)."""

    def stamps(self, member: bytes) -> dict[str, tuple[int, ...]]:
        """By shelf: numbers that differ once anything on it changed; only shelves that have ``stamps``."""
        rows = self._db.all(_STAMPS, member=member)
        return {row[0]: tuple(int(value) for value in row[1:]) for row in rows}

    def rows(self, shelf: str, member: bytes) -> list[Row]:
        """A member's rows, by key, in the order of the shelf's columns."""
        return [tuple(row) for row in self._db.all(_SHELVES[shelf].rows, member=member)]

    def keys(self, shelf: str, member: bytes) -> list[Row]:
        """The keys of a member's rows."""
        return [tuple(row) for row in self._db.all(_SHELVES[shelf].keys, member=member)]

    def replace(self, shelf: str, gone: Iterable[Row], rows: Iterable[Row]) -> int:
        """Rows in place of those with the keys ``gone``; how many. A key that is in use stays as it is."""
        found = _SHELVES[shelf]
        self._db.run_many(found.drop, gone)
        return self._db.run_many(found.put, rows)
