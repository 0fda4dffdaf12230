"""What a member keeps beside its documents, as tables that any program reads: items, terms, partners, people, payments.

Owns which tables and which columns. Reads only rows of the member that is asked for; no secret (passwords, codes, keys,
links) is among the columns. A record of the services stands whole in the last column, ``data``, as JSON.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from node import bookarchive
from node.store import Tx
from protocol.identity import card

MOST: Final = 100_000
_PAGE: Final = 500
_PEOPLE: Final = ("name", "role", "shown_name", "email", "language", "zone", "created", "disabled")


def tables(tx: Tx, member: bytes, partners: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """(name of the file, CSV) of every table, in one transaction. ``partners``: whose cards and prices are wanted."""
    others = sorted(partners)
    found: dict[str, Callable[[], Iterable[Mapping[str, Any]]]] = {
        "items": lambda: map(_row, _items(tx, member)),
        "prices": lambda: (_row(row) for other in others for row in tx.desk.prices(member, other)),
        "terms": lambda: map(_row, tx.desk.all_terms(member)),
        "terms-history": lambda: (_row(row) for other in others for row in tx.money.terms_changes(member, other, MOST)),
        "catalogues-shared": lambda: map(_row, tx.desk.shares(member)),
        "partners": lambda: _cards(tx, others),
        "card": lambda: _cards(tx, (member,)),
        "guests": lambda: map(_row, tx.guests.of(member)),
        "enquiries": lambda: map(_row, tx.enquiries.latest(member, MOST)),
        "account": lambda: [_row(row) for row in (tx.money.account(member),) if row is not None],
        "transfers": lambda: map(_row, tx.money.transfers(member, MOST)),
        "payments": lambda: map(_row, tx.books.payments(member, MOST)),
        "people": lambda: _people(tx, member),
        "access-log": lambda: map(_row, tx.access_log.latest(MOST, member=member)),
    }
    for name, rows in found.items():
        yield f"records/{name}.csv", text_of(list(rows()))


def text_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as CSV (UTF-8 with a mark); a table without rows is an empty file."""
    if not rows:
        return b""
    columns = list(dict.fromkeys(name for row in rows for name in row if name != "data"))
    columns += ["data"] if any("data" in row for row in rows) else []
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([bookarchive.safe(str(row.get(name, ""))) for name in columns] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _row(row: Any) -> dict[str, Any]:
    """A row of the store: bytes in hexadecimal digits, its record's fields beside its own."""
    own = {name: _cell(value) for name, value in row._asdict().items() if name not in ("member", "data")}
    data = getattr(row, "data", None)
    if data is None:
        return own
    try:
        value = msgspec.msgpack.decode(data)
    except msgspec.DecodeError:
        return {**own, "data": data.hex()}
    fields = {name: _cell(field) for name, field in value.items()} if isinstance(value, dict) else {}
    return {**own, **fields, "data": msgspec.json.encode(value).decode()}


def _cell(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return "" if value is None else json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _items(tx: Tx, member: bytes) -> Iterator[Any]:
    after = ""
    while rows := tx.desk.items(member, _PAGE, after=after):
        yield from rows
        after = rows[-1].number


def _cards(tx: Tx, members: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for member in members:
        stored, row = tx.cards.get(member), tx.members.get(member)
        if stored is not None:
            said = card.parse(stored.wire)._asdict()
            yield {name: _cell(list(value) if isinstance(value, tuple) else value) for name, value in said.items()}
        elif row is not None:
            yield {"member": member.hex(), "name": row.name}


def _people(tx: Tx, member: bytes) -> Iterator[dict[str, Any]]:
    for user in (user for user in tx.users.all() if user.member == member):
        chosen = tx.user_settings.get(user.id)
        said = {**({} if chosen is None else chosen._asdict()), **user._asdict()}
        yield {name: _cell(said.get(name, "")) for name in _PEOPLE}
