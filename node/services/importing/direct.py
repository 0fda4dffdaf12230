"""A file that a program brings: looked at, and taken over in the same call if it says so. Owns that short way.

The rules are those of a file that a person brings (:mod:`node.services.importing.uploads`); nothing waits in between.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from node.papers.tabular import Mapping
from node.papers.tabular.worker import unpacked
from node.services.house import House
from node.services.importing import layouts, orders, uploads
from node.services.importing.plan import Plan
from node.services.importing.uploads import MEMBER_KINDS, Seen, Upload
from node.store import FileRow, Tx
from protocol.errors import CallerFault


class Brought(NamedTuple):
    """``packed``: what the side process read; ``data``: the file, by which it is recognised."""

    kind: str
    name: str
    data: bytes
    packed: bytes
    mapping: Mapping | None = None
    partner: bytes = b""


def look(house: House, tx: Tx, member: bytes, user: str, brought: Brought) -> Seen:
    """What a file would do. CallerFault names the kind, or the field of the mapping that does not fit."""
    if brought.kind not in MEMBER_KINDS:
        raise CallerFault("kind", f"one of {', '.join(MEMBER_KINDS)}")
    table = unpacked(brought.packed)
    proposed, remembered = layouts.propose(tx, member, table, brought.kind, brought.partner)
    mapping = brought.mapping or proposed
    digest = hashlib.sha256(brought.data).digest()
    row = FileRow(b"", member, user, brought.kind, brought.partner, brought.name[:200], digest, 0, b"", b"")
    upload = Upload(row, table, mapping, remembered and mapping == proposed)
    plan = uploads.plan_of(house, tx, member, table, mapping, brought.partner)
    return Seen(upload, plan, "", tx.importing.done(member, brought.kind, digest))


def take(house: House, tx: Tx, member: bytes, user: str, brought: Brought, *, send: bool = False) -> orders.Taken:
    """Take over the good lines; of orders, make drafts of ``user`` or ``send`` them. How many orders, whom to tell."""
    upload = look(house, tx, member, user, brought).upload
    if brought.kind == "orders":
        return uploads.take_orders(house, tx, upload, user, send=send)
    uploads.take(house, tx, upload, user)
    return orders.Taken(0, frozenset())


def described(seen: Seen, plan: Plan) -> dict[str, int]:
    """How many lines are what."""
    return {
        "new": plan.count("new"),
        "changed": plan.count("changed"),
        "same": plan.count("same"),
        "left_out": len(plan.wrong_lines),
        "skipped": plan.skipped,
        "lines": max(0, len(seen.upload.table.rows) - seen.upload.mapping.header - 1),
    }
