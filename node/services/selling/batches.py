"""A batch of sales in the store: added with its lines, then known to be in the partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.services.transaction import Tx
from node.store.pos import BatchRow, PartitionRow
from protocol.errors import WorldFault


@dataclass(frozen=True)
class Batch:
    """Who brought what. ``store`` empty: the file names several; ``time``: µs UTC."""

    position: int
    member: bytes
    store: str
    name: str
    user: str
    time: int


def add(tx: Tx, batch: Batch, told: Mapping[str, Any], pieces: Sequence[bytes]) -> None:
    """Keep a batch. WorldFault if another one came between."""
    if tx.pos.last() != batch.position - 1:
        raise WorldFault("other sales were stored meanwhile: try again")
    row = BatchRow(
        batch.position, batch.member, batch.store, batch.name, batch.user, batch.time, told["digest"], told["new"],
        told["changed"], told["first_day"], told["last_day"], "stored",
    )  # fmt: skip
    tx.pos.add(row, pieces)


def folded(tx: Tx, position: int, made: Sequence[Sequence[Any]]) -> None:
    """The batch is in these partitions: [month, file, lines]."""
    tx.pos.fold(position, [PartitionRow(month, file, position, lines) for month, file, lines in made])
