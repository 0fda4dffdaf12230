"""A member writes: documents are built, judged, signed, stored and queued in one transaction.

Owns the way from a checked paper to a signed document. All documents of one call are stored or none is. What may
follow what is :mod:`protocol.process`; delivery is :mod:`node.services.exchange`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from node.services import dealings, intake, members, outbox
from node.services.custody import Custody
from node.services.drawings import showing
from node.services.gist import Gist, gist_of
from node.services.house import House
from node.services.intake import RECEIVED, SENT, Arrival, Entered
from node.store import GivenRow, Tx
from protocol.document import envelope
from protocol.document.envelope import Document, Draft, Part
from protocol.document.header import (
    NONCE_BYTES,
    SALT_BYTES,
    AttachmentRef,
    Audience,
    AudienceKind,
    BusinessKey,
    Extension,
    Header,
)
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.identity.control import Epoch
from protocol.link import receipt
from protocol.process.trade import papers, retention
from protocol.process.trade.check import check
from protocol.process.trade.papers import Paper, Personal


class Submission(NamedTuple):
    """What a member wants to send. ``thread`` empty starts a dealing; ``follows`` None means all its open ends.

    ``key``: the member's own number of the paper, by default the paper's ``number``; ``revision`` counts its versions.
    """

    to: bytes
    paper: Paper
    personal: Personal | None = None
    thread: bytes = b""
    follows: tuple[bytes, ...] | None = None
    key: str = ""
    revision: int = 0
    attachments: tuple[AttachmentRef, ...] = ()
    extensions: tuple[Extension, ...] = ()


class Submitted(NamedTuple):
    """What became of it: ``verdict`` applied (on its way) or held (same key as an earlier one: a person decides)."""

    id: bytes
    thread: bytes
    verdict: str
    reason: str


class Outcome(NamedTuple):
    """All results in order, and the peers that have something new to fetch."""

    submitted: list[Submitted]
    news: frozenset[bytes]


def submit(
    house: House,
    tx: Tx,
    member: bytes,
    submissions: Iterable[Submission],
    *,
    total: int | None = None,
    together: bool = False,
) -> Outcome:
    """Sign and store ``submissions`` of ``member`` and queue them for their recipients' nodes.

    ``total``: how many there are, if they are read one by one as they are wanted. ``together``: one signature over the
    tree of all of them (bulk senders). Raises CallerFault or ImpossibleStep with the field's path; nothing is stored
    then.
    """
    house.require_signing()
    members.require_local(tx, member)
    epoch = members.require_log(house, tx, member).epoch
    if total is None:
        submissions = list(submissions)
        total = len(submissions)
    homes: dict[bytes, bytes] = {}
    checked: dict[bytes, Gist] = {}
    drafts = []
    ends: dict[bytes, tuple[bytes, ...]] = {}
    for at, item in enumerate(submissions):
        if item.to not in homes:
            homes[item.to] = _home(house, tx, member, item.to)
        showing.let_read(house, tx, member, item.to, item.paper)
        draft = _draft(house, tx, member, epoch, item, ends, at if total > 1 else None)
        checked[draft.id] = gist_of(draft, item.paper)
        drafts.append(draft)
    documents = _sign(house, epoch, drafts, together)
    entered = _store(house, tx, member, documents, homes, checked)
    news = _queue(house, tx, member, entered, homes)
    results = [
        Submitted(item.arrival.document.id, _thread(item.arrival.document), item.verdict, item.reason)
        for item in entered
        if item.arrival.direction == SENT
    ]
    return Outcome(results, news)


def _thread(document: Document) -> bytes:
    return document.header.thread or document.id


def _home(house: House, tx: Tx, member: bytes, recipient: bytes) -> bytes:
    """The home of a recipient: this node, or an accepted peer."""
    if recipient == member:
        raise CallerFault("to", "a member cannot trade with itself")
    known = members.find_log(house, tx, recipient)
    if known is None or known.standing.epoch is None:
        raise NotFound("to", "no such member is known here: look it up in the directory first")
    home = known.epoch.home
    if home != house.id:
        peer = tx.peers.get(home)
        if peer is None or peer.state != "accepted":
            raise CallerFault("to", "the recipient's association is not connected to this one", code="no-peer")
    else:
        members.require_local(tx, recipient)
        guest = tx.guests.get(recipient)
        if guest is not None and guest.enrolled is None and guest.owner != member:
            raise NotFound("to", "no such member is known here: look it up in the directory first")
    return home


def _draft(
    house: House,
    tx: Tx,
    member: bytes,
    epoch: Epoch,
    item: Submission,
    ends: dict[bytes, tuple[bytes, ...]],
    at: int | None,
) -> Draft:
    prefix = "body" if at is None else f"documents[{at}].body"
    try:
        papers.require_texts(item.paper)
        check(item.paper)
        if item.personal is not None:
            check_personal(item.personal)
    except CallerFault as fault:
        raise CallerFault(f"{prefix}.{fault.field}" if fault.field else prefix, fault.rule, code=fault.code) from None
    _require_attachments(tx, item)
    drawn = house.entropy(SALT_BYTES + NONCE_BYTES)
    parts = {"business": Part(drawn[:SALT_BYTES], papers.encode(item.paper))}
    if item.personal is not None and item.personal != Personal():
        parts["personal"] = Part(house.entropy(SALT_BYTES), papers.encode(item.personal))
    now = house.clock()
    kind = papers.TYPE_OF[type(item.paper)]
    term = retention.term_of(kind, item.paper)
    header = Header(
        network=house.network,
        type=kind,
        version=papers.VERSION,
        author=member,
        epoch=epoch.hash,
        nonce=drawn[SALT_BYTES:],
        thread=item.thread,
        follows=_follows(tx, member, item, ends),
        audience=Audience(AudienceKind.MEMBER, item.to),
        business_key=BusinessKey(item.key or item.paper.number, item.revision),
        time=now,
        keep_until=now + term.length if term.length else 0,
        parts=envelope.part_refs(parts),
        attachments=item.attachments,
        extensions=item.extensions,
    )
    draft = envelope.draft(header, parts)
    if item.thread:
        ends[item.thread] = (draft.id,)
    return draft


def check_personal(personal: Personal) -> None:
    """The personal part has no rules of its own beyond its shape; it must be canonical."""
    papers.decode_personal(papers.encode(personal))


def _follows(tx: Tx, member: bytes, item: Submission, ends: dict[bytes, tuple[bytes, ...]]) -> tuple[bytes, ...]:
    if not item.thread:
        if item.follows:
            raise CallerFault("follows", "a document that starts a dealing follows nothing")
        return ()
    if item.follows is not None:
        if not item.follows or tx.documents.known(item.follows) != set(item.follows):
            raise CallerFault("follows", "names a document that is not stored here")
        return tuple(sorted(set(item.follows)))
    if item.thread not in ends:
        ends[item.thread] = dealings.open_ends(tx, member, item.thread)
    return ends[item.thread]


def _require_attachments(tx: Tx, item: Submission) -> None:
    for ref in item.attachments:
        row = tx.attachments.get(ref.root)
        if row is None or not row.complete or row.size != ref.size:
            raise CallerFault("attachments", f"{ref.root.hex()[:12]} has not been uploaded completely")


def _sign(house: House, epoch: Epoch, drafts: Sequence[Draft], together: bool) -> list[Document]:
    key = house.keyring.get(epoch.hash)
    if key is None:
        raise CallerFault("member", "this node has no signing key for the member", code="no-key")
    if together:
        return envelope.sign(key, drafts)
    return [envelope.sign(key, (draft,))[0] for draft in drafts]


def _store(
    house: House,
    tx: Tx,
    member: bytes,
    documents: Sequence[Document],
    homes: dict[bytes, bytes],
    checked: dict[bytes, Gist],
) -> list[Entered]:
    arrivals = []
    for document in documents:
        recipient = document.header.audience.id
        arrivals.append(Arrival(document, member, SENT, recipient))
        if homes[recipient] == house.id:
            arrivals.append(Arrival(document, recipient, RECEIVED, member))
    custody = Custody(house, tx, [member])
    entered = intake.take(house, tx, custody, arrivals, checked)
    for item in entered:
        if item.verdict == receipt.REFUSED:
            raise ImpossibleStep("type", item.reason)
        if item.verdict == receipt.WAITING:
            raise CallerFault("follows", "names a document that is not stored here")
    tx.given.add_many(
        [
            GivenRow(item.arrival.document.id, item.arrival.member, None, item.verdict, item.epoch, item.seq, "")
            for item in entered
            if item.arrival.direction == RECEIVED
        ]
    )
    custody.close()
    return entered


def _queue(
    house: House, tx: Tx, member: bytes, entered: Sequence[Entered], homes: dict[bytes, bytes]
) -> frozenset[bytes]:
    """Queue what takes effect for the recipients' nodes, behind the author's history where they lack it."""
    rows = []
    for item in entered:
        home = homes[item.arrival.document.header.audience.id]
        if item.arrival.direction == SENT and item.verdict == receipt.APPLIED and home != house.id:
            rows.append((home, "document", item.arrival.document.id))
    news = frozenset(home for home, _, _ in rows)
    for home in sorted(news):
        members.tell_history(house, tx, home, member)
    tx.outgoing.add_for(rows)
    return news


def release(house: House, tx: Tx, member: bytes, document: bytes) -> frozenset[bytes]:
    """Queue a document of our own that was held and shall go after all."""
    row = tx.documents.get(document)
    if row is None or row.author != member:
        raise NotFound("document", "no such document")
    recipient = members.require_log(house, tx, row.audience)
    if recipient.epoch.home == house.id:
        return frozenset()
    members.tell_history(house, tx, recipient.epoch.home, member)
    outbox.requeue(tx, recipient.epoch.home, [document])
    return frozenset({recipient.epoch.home})
