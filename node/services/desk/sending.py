"""Sending what was written at a desk: only if the dealing is still as its writer saw it. Owns that check."""

from __future__ import annotations

import hashlib

from node.services import trade
from node.services.house import House
from node.services.trade import Outcome, Submission
from node.store import ThreadRow, Tx
from protocol.document.header import AttachmentRef
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Paper


class SomebodyWasFaster(CallerFault):
    """Something came into the dealing since the form was opened. ``updated``: when, µs; ``seen``: as it is now."""

    def __init__(self, updated: int, seen: str) -> None:
        super().__init__("", "something new came into this dealing", code="somebody-was-faster")
        self.updated = updated
        self.seen = seen


def seen(row: ThreadRow) -> str:
    """What changes as soon as anybody adds anything to the dealing."""
    return hashlib.sha256(row.heads).hexdigest()[:16]


def send(
    house: House,
    tx: Tx,
    member: bytes,
    thread: bytes,
    paper: Paper,
    as_seen: str,
    attachments: tuple[AttachmentRef, ...] = (),
) -> Outcome:
    """Sign, store and queue the next paper of a dealing. NotFound, SomebodyWasFaster, or as ``trade.submit``."""
    row = _require(tx, member, thread)
    if seen(row) != as_seen:
        raise SomebodyWasFaster(row.updated, seen(row))
    return trade.submit(house, tx, member, [Submission(row.partner, paper, thread=thread, attachments=attachments)])


def _require(tx: Tx, member: bytes, thread: bytes) -> ThreadRow:
    row = tx.threads.get(member, thread)
    if row is None:
        raise NotFound("thread", "no such dealing")
    return row
