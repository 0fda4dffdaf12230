"""A proof: one document with everything that somebody without a node needs to believe it, in one file.

Owns the record ``["yui/proof/1", envelope, author's history, recipient's history, receipt proof]``; the last two are
both empty where no receipt is shown. Nothing in it has to be trusted: every byte is either hashed by something that is
signed, or is a signature. It proves that the author, under a key that its own control log delegates, signed exactly
these bytes, and that the recipient's home gave this verdict on them. It does not prove that the logs are the latest:
what came after the export is not in the file. Knows no file, no clock and no names. Source: ``docs/protocol.md`` §11.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol import canon, shape
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.document.header import AudienceKind
from protocol.errors import Malformed, NotAuthorised
from protocol.identity import log as logs
from protocol.identity.control import Epoch
from protocol.identity.log import ControlLog
from protocol.limits import MAX_DOCUMENT_BYTES, MAX_HISTORY_BYTES, MAX_PROOF_BYTES, MAX_RECORD_BYTES
from protocol.link import receipt as receipts
from protocol.link.receipt import Head, Leaf

TAG = "yui/proof/1"


class Receipted(NamedTuple):
    """The recipient's side of a proof. ``leaf.verdict`` is what its home made of the document; ``head.time`` when."""

    recipient: ControlLog
    epoch: Epoch
    head: Head
    leaf: Leaf


class Proven(NamedTuple):
    """What a proof proved. ``epoch``: the author's, whose key signed. ``receipt``: None where none was shown."""

    document: Document
    author: ControlLog
    epoch: Epoch
    receipt: Receipted | None


def build(document: bytes, author: ControlLog, recipient: ControlLog | None = None, receipt: bytes = b"") -> bytes:
    """The proof's bytes, checked by :func:`verify`.

    ``document``: the envelope; ``receipt``: from :func:`protocol.link.receipt.prove`, with the ``recipient``'s log.
    Raises as :func:`verify`.
    """
    history = logs.encode_history(recipient) if recipient is not None else b""
    data = canon.encode((TAG, document, logs.encode_history(author), history, receipt))
    verify(data)
    return data


def verify(data: bytes) -> Proven:
    """Everything that ``data`` proves, or an error that names what does not hold.

    Raises:
        Malformed, TooLarge: not a proof, or its parts do not belong together.
        BadSignature: a signature does not verify.
        NotAuthorised: a control record or epoch without the authority that it claims, or one that was undone.
    """
    raw = shape.record(canon.decode(data, max_bytes=MAX_PROOF_BYTES), TAG, 5)
    document = envelope.parse(shape.binary(raw[1], "document", MAX_DOCUMENT_BYTES))
    header = document.header
    author = _log(raw[2], "author", header.author, header.network)
    epoch = _epoch(author, header.epoch, "author")
    envelope.verify(document, epoch.signing_key)
    history = shape.binary(raw[3], "recipient", MAX_HISTORY_BYTES)
    receipt = shape.binary(raw[4], "receipt", MAX_RECORD_BYTES)
    if bool(history) != bool(receipt):
        raise Malformed("receipt: a receipt and its recipient's history stand together or not at all")
    return Proven(document, author, epoch, _receipted(document, history, receipt) if receipt else None)


def _receipted(document: Document, history: bytes, receipt: bytes) -> Receipted:
    header = document.header
    if header.audience.kind != AudienceKind.MEMBER:
        raise Malformed("receipt: only for a document to one member")
    recipient = _log(history, "recipient", header.audience.id, header.network)
    claimed = receipts.claimed_leaf(receipt)
    epoch = _epoch(recipient, claimed.epoch, "recipient")
    head, leaf = receipts.verify_proof(receipt, epoch.home_key)
    if head.network != header.network or leaf.document != document.id or leaf.recipient != recipient.member:
        raise Malformed("receipt: it is for another document, recipient or network")
    if not recipient.covers(leaf.epoch, leaf.seq):
        raise NotAuthorised("receipt: its place in the recipient's journal was cut back by a later epoch")
    return Receipted(recipient, epoch, head, leaf)


def _log(value: object, name: str, member: bytes, network: str) -> ControlLog:
    genesis, records = logs.parse_history(shape.binary(value, name, MAX_HISTORY_BYTES), MAX_HISTORY_BYTES)
    log = logs.start(genesis)
    if log.member != member or log.genesis.network != network:
        raise Malformed(f"{name}: the history of another member or network than the document names")
    log = logs.admit_all(log, records, 0)
    if len(log.records) != len(records):
        raise Malformed(f"{name}: its history repeats a record")
    return log


def _epoch(log: ControlLog, name: bytes, whose: str) -> Epoch:
    epoch = log.epoch_named(name)
    if epoch is None:
        raise NotAuthorised(f"{whose}: its history has no such epoch, or the epoch was undone")
    return epoch
