"""Members that were at home here and are elsewhere now: where, since when, and which papers were not handed over yet.

Owns what staff of the old home see of them. Their papers stay as long as the law wants; nothing is signed for them.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import members, recovery
from node.services.house import House
from node.store import Tx

_PAGE = 500


class Departed(NamedTuple):
    """``since``: µs at which this node learned of it. ``tail``: papers that the new home has not confirmed yet.

    ``reached``: the new home has answered since then, so that ``tail`` is what it lacks.
    """

    member: bytes
    name: str
    home: bytes
    since: int
    tail: int
    reached: bool


def all_of(house: House, tx: Tx) -> list[Departed]:
    """Every member that has left, by the time at which it did."""
    links = {row.node: row.last_success for row in tx.links.all()}
    found = []
    for head in tx.heads.all():
        row = tx.members.get(head.member)
        if row is None or row.local or not row.home or not recovery.was_home(house, tx, head.member, house.id):
            continue
        since = _since(house, tx, head.member)
        tail = _tail(tx, head.member, row.home)
        found.append(Departed(head.member, row.name, row.home, since, tail, links.get(row.home, 0) > since))
    return sorted(found, key=lambda item: (item.since, item.member))


def _since(house: House, tx: Tx, member: bytes) -> int:
    """When the first record came here after which another node was its home."""
    records = members.require_log(house, tx, member).records.values()
    last = max(item.first_seen for item in records if _home(item) == house.id)
    return min(item.first_seen for item in records if item.first_seen > last)


def _home(item: object) -> bytes:
    epoch = getattr(getattr(item, "standing", None), "epoch", None)
    return epoch.home if epoch is not None else b""


def _tail(tx: Tx, member: bytes, home: bytes) -> int:
    count = after = 0
    while rows := tx.outgoing.pending(home, after, _PAGE):
        documents = [row.object for row in rows if row.kind == recovery.DOCUMENT]
        count += len(tx.holdings.get_many(member, documents)) if documents else 0
        after = rows[-1].position
    return count
