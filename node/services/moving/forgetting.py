"""When a member has moved and its time is over, its old home removes what was the member's. Owns what stays, and why.

What stays: the control log (public, and how others are told where the member is), the last signed head of its journal,
receipts (ids without content), and the access log (who of this node's people did what). Papers that another member of
this node holds are that member's. Source: ``docs/adr/0038-moving.md``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import access, claiming, dealings, guests, indexing
from node.services.house import House
from node.services.moving.state import State
from node.store import INDEXED, SHELVES, MoveOutRow, Tx
from protocol import vault

STEP: Final = 200  # documents in one transaction


class Forgotten(NamedTuple):
    """One step. ``roots``: attachments whose files nothing needs any more; ``more``: there is another step."""

    documents: int
    roots: tuple[bytes, ...]
    more: bool


def due(tx: Tx, now: int) -> list[MoveOutRow]:
    """Moves whose time is over."""
    rows = tx.moving.all_leaving()
    return [row for row in rows if row.state == State.FORWARDING.value and 0 < row.forget_at <= now]


def forget_some(house: House, tx: Tx, member: bytes) -> Forgotten:
    """The next step of forgetting a member that has moved. Nothing for one that is at home here (again)."""
    row = tx.moving.leaving(member)
    known = tx.members.get(member)
    if row is None or row.state != State.FORWARDING.value or known is None or known.local:
        return Forgotten(0, (), False)
    for one in (*(guest.guest for guest in tx.guests.of(member)), member):
        held = tx.members.get(one)
        if held is not None and not held.local:
            count, roots = _documents(tx, one)
            if count:
                return Forgotten(count, tuple(roots), True)
            tx.forgetting.rows_of(one)
    _rest(tx, member)
    now = house.clock()
    tx.moving.put_leaving(row._replace(state=State.FORGOTTEN.value, updated=now))
    access.note(house, tx, "move-forgotten", member=None, detail=member.hex()[:12])
    return Forgotten(0, (), False)


def _documents(tx: Tx, member: bytes) -> tuple[int, list[bytes]]:
    held = tx.forgetting.documents_of(member, STEP)
    own = [item for item in held if not item.shared]
    indexed = tx.meta.get_int(INDEXED)
    stored = tx.documents.by_positions([item.position for item in own if item.position <= indexed])
    tx.search.remove(
        [(at, indexing.text_of(found.row.business_key, dealings.paper_of(found))) for at, found in stored.items()]
    )
    tx.forgetting.let_go(member, held)
    return len(held), tx.forgetting.remove(own)


def _rest(tx: Tx, member: bytes) -> None:
    """Rows of every shelf, those that belong to its people before them; keys; copies."""
    row = tx.guarding.get(member)
    if row is not None and row.vault:
        for item in vault.read(row.vault).keys:
            tx.wrapped_keys.delete(claiming.VAULT_KEY, item.name)
    for guest in tx.guests.of(member):
        tx.wrapped_keys.delete(guests.WORDS_KEY, guest.guest)
    for name in reversed(list(SHELVES)):
        tx.possessions.replace(name, tx.possessions.keys(name, member), [])
    tx.guarding.drop(member)
    tx.renewing.drop(member)
    tx.returning.drop(member)
    tx.cards.delete(member)
    tx.search.compact()
