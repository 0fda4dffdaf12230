"""What a member chose for its own copies: kinds of documents that never leave before they are safe, or do not wait."""

from __future__ import annotations

from collections.abc import Mapping

from node.services import members
from node.services.guarding import framing, patience
from node.services.house import House
from node.store import Tx
from protocol import canon
from protocol.errors import CallerFault
from protocol.process.trade import papers


def policies(tx: Tx, member: bytes) -> Mapping[str, str]:
    """Kind of document → ``strict`` or ``at-once``; every other kind waits with patience."""
    row = tx.guarding.get(member)
    return framing.safe_of(row).policies if row is not None else {}


def set_policies(house: House, tx: Tx, member: bytes, wanted: Mapping[str, str]) -> None:
    """Replace them. CallerFault for an unknown kind or word, or a member without guardians."""
    members.require_local(tx, member)
    row = tx.guarding.get(member)
    if row is None:
        raise CallerFault("member", "has no guardians", code="no-guardians")
    known = set(papers.TYPE_OF.values())
    for kind, policy in wanted.items():
        if kind not in known:
            raise CallerFault("policies", f"{kind}: no such kind of document")
        if policy not in patience.POLICIES:
            raise CallerFault("policies", f"{policy}: strict or at-once")
    encoded = canon.encode(dict(sorted(wanted.items()))) if wanted else b""
    tx.guarding.put(row._replace(policies=encoded, safe_at=max(house.clock(), row.safe_at + 1)))
    house.uncopied.add(member)
