"""Rows of a member that cannot be made again from its documents: items, prices, terms, drafts, logins and their like.

Owns which rows those are. A row is sent again when it changed, and named when it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from node.services.belongings.items import Item
from node.services.house import House
from node.store import Tx


def collect(house: House, tx: Tx, member: bytes, known: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes, Item]]:
    """(name, digest, item) of every row whose digest is another than in ``known``. Names and digests: 32 bytes."""
    return iter(())


def rebuild(house: House, tx: Tx, member: bytes, item: Item) -> None:
    """Put a row back."""
