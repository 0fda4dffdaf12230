"""Rows for the store's tests: small, distinct, made from numbers."""

from __future__ import annotations

import hashlib

from node.store import JournalRow, NewDocument, NewHolding, PartRow, ThreadRow


def digest(*of: object) -> bytes:
    """32 bytes that differ as their arguments do."""
    return hashlib.sha256(repr(of).encode()).digest()


ALICE, BOB, NODE, OTHER, EPOCH = (digest(name) for name in ("alice", "bob", "node", "other", "epoch"))


def document(number: int, *, thread: bytes = b"", kind: str = "order", parts: int = 2, size: int = 300) -> NewDocument:
    """Document ``number`` of Alice for Bob."""
    return NewDocument(
        id=digest("document", number),
        type=kind,
        version=1,
        author=ALICE,
        epoch=EPOCH,
        audience=BOB,
        thread=thread,
        business_key=f"PO-{number:06d}",
        revision=0,
        time=1_700_000_000_000_000 + number,
        keep_until=0,
        size=size,
        signature=b"s" * 64,
        path=b"\x90",
        header=b"header %d" % number,
        parts=[PartRow(name, b"%016d" % number, b"x" * size) for name in ("business", "personal", "third")[:parts]],
    )


def holding(new: NewDocument, verdict: str = "applied", member: bytes = BOB) -> NewHolding:
    """Bob received it."""
    return NewHolding(member, new.id, "received", verdict, "", ALICE, new.time)


def entry(seq: int, member: bytes = BOB) -> JournalRow:
    """Entry ``seq`` of a member's journal."""
    return JournalRow(
        member, EPOCH, seq, digest("e", seq - 1), "received", digest("document", seq), "applied", digest("e", seq), seq
    )


def dealing(number: int, *, updated: int, state: str = "ordered", member: bytes = BOB) -> ThreadRow:
    """One row of a member's list of dealings."""
    return ThreadRow(
        member,
        digest("document", number),
        state,
        ALICE,
        "order",
        f"PO-{number}",
        1000,
        "JPY",
        updated,
        "seller",
        1,
        b"",
    )
