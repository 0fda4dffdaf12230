"""Mail that goes around who does not answer, for people: what lies here for others, what of ours lies elsewhere.

Reads only. Counts and sizes, never what is inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from node.services.mailing import rules
from node.store import KeptLabel, Tx


class Kept(NamedTuple):
    """What waits here for one member (``kind`` member) or one node; ``oldest``: µs."""

    kind: str
    receiver: bytes
    name: str
    things: int
    size: int
    oldest: int


class Left(NamedTuple):
    """What of ours for one dark node lies elsewhere: documents, and with how many keepers at most."""

    node: bytes
    name: str
    documents: int
    keepers: int


class Shown(NamedTuple):
    """``dark_after`` µs (0: never); ``relay``: room and days for others; ``kept``, ``left``: what lies where."""

    dark_after: int
    relay: rules.Relay
    kept: tuple[Kept, ...]
    left: tuple[Left, ...]


def show(tx: Tx) -> Shown:
    """Everything at once."""
    names = {row.node: row.name for row in tx.peers.all()}
    return Shown(rules.dark_after(tx), rules.relay(tx), tuple(_kept(tx, names)), tuple(_left(tx, names)))


def _kept(tx: Tx, names: dict[bytes, str]) -> list[Kept]:
    found: dict[tuple[str, bytes], list[KeptLabel]] = {}
    for row in tx.mail.kept_all():
        found.setdefault((row.kind, row.receiver), []).append(row)
    return [
        Kept(kind, receiver, names.get(receiver, ""), len(rows), sum(row.size for row in rows), rows[0].stored)
        for (kind, receiver), rows in sorted(found.items())
    ]


def _left(tx: Tx, names: dict[bytes, str]) -> list[Left]:
    found = []
    for node, documents in sorted(by_node(tx).items()):
        keepers = elsewhere(tx, documents)
        if keepers:
            found.append(Left(node, names.get(node, ""), len(keepers), max(keepers.values())))
    return found


def by_node(tx: Tx) -> dict[bytes, set[bytes]]:
    """By dark node: the documents that were laid into parcels or pieces."""
    rows = tx.mail.left_all()
    inside = tx.mail.documents_of(row.id for row in rows)
    found: dict[bytes, set[bytes]] = {}
    for row in rows:
        found.setdefault(row.node, set()).update(inside.get(row.id, ()))
    return found


def elsewhere(tx: Tx, documents: Iterable[bytes]) -> dict[bytes, int]:
    """With how many others each of these documents lies, sealed, as far as they have signed for it."""
    wanted = list(documents)
    laid: dict[bytes, list[bytes]] = {}
    for kind in (rules.MEMBER, rules.NODE):
        for document, names in tx.mail.of_documents(wanted, kind).items():
            laid.setdefault(document, []).extend(names)
    have = tx.mail.keepers({name for names in laid.values() for name in names})
    counted = {
        document: len(set().union(*(have.get(name, set()) for name in names))) for document, names in laid.items()
    }
    return {document: count for document, count in counted.items() if count}
