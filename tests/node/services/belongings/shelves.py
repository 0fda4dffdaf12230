"""A row of each kind for a member, with its mark in every text and byte string: it is found wherever it goes."""

from __future__ import annotations

import hashlib
from typing import Any

from node.services import codes
from node.services.house import House
from node.store import SHELVES, Shelf, Tx

ROLE = {"users": "owner", "user_invitations": "clerk"}


def fill(house: House, tx: Tx, member: bytes, mark: str, rows: int = 1) -> None:
    """Rows on every shelf; ``mark`` is in all of them."""
    for shelf in SHELVES.values():
        tx.possessions.replace(shelf.name, [], [row_of(house, shelf, member, mark, at) for at in range(rows)])


def identity(mark: str, of: str, at: int) -> bytes:
    return mark.encode() + hashlib.sha256(f"{mark}/{of}/{at}".encode()).digest()[:16]


def row_of(house: House, shelf: Shelf, member: bytes, mark: str, at: int) -> tuple[Any, ...]:
    values = []
    for number, column in enumerate(shelf.columns):
        value: Any = {int: 1_000 * at + number, bool: False}.get(column.kind)
        if column.kind is bytes:
            value = identity(mark, f"{shelf.name}.{column.name}", at)
        if column.kind is str:
            value = f"{mark} {shelf.name} {column.name} {at}"
        if column.name == shelf.owner:
            value = {"users": identity(mark, "users.id", at), "guests": identity(mark, "guests.guest", at)}.get(
                shelf.through, member
            )
        if column.name == "role":
            value = ROLE[shelf.name]
        if (shelf.name, column.name) == ("totp", "secret"):
            value = house.wrap.wrap(codes.PURPOSE, values[0], value)
        if column.name == "last_used":
            value = 0
        values.append(value)
    return tuple(values)
