"""What must never happen, checked after every step; what must have happened, checked when all is quiet.

Owns the ledger: an account of the run kept from outside, by code that shares as little as it can with what it checks.
A broken invariant raises :class:`Violation`. Numbers in brackets: continuity §9.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from node.runtime import BATCHES, NEXT, RECEIPTS, TAKE_BATCH
from node.sim.host import Host, Watcher
from node.sim.poison import Poisoned
from node.store import ReceiptRow, Tx
from protocol import canon
from protocol.document import header as headers
from protocol.errors import YuiError
from protocol.identity import control
from protocol.identity.control import Epoch, Signed
from protocol.keys import NodeId
from protocol.link import batch as batches
from protocol.link import receipt as receipts
from protocol.link.batch import Batch, ItemKind
from protocol.link.receipt import Leaf, Verdict

CHANGEABLE = frozenset({"waiting", "held"})


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass
class Paper:
    """A document that a node has acknowledged to its clerk. ``kept_at``: machines known to have it durably."""

    id: bytes
    author: bytes
    recipient: bytes
    home: str
    kept_at: set[str] = field(default_factory=set)
    lost: bool = False


class Ledger(Watcher):
    """The account of one run."""

    def __init__(self) -> None:
        self.papers: dict[bytes, Paper] = {}
        self.entries: dict[tuple[bytes, bytes, int], tuple[bytes, bytes]] = {}  # position → entry hash, object
        self.applied: dict[str, dict[tuple[bytes, bytes], int]] = {}
        self.verdicts: dict[tuple[str, bytes, bytes], Leaf] = {}  # (machine, document, recipient) → what it said last
        self.positions: dict[tuple[bytes, bytes, int], bytes] = {}  # (sender, incarnation, position) → item
        self.incarnations: dict[bytes, str] = {}
        self.poisoned: dict[bytes, int] = {}  # batch wire's digest → damaged position
        self.damaged: set[bytes] = set()  # digests of damaged items
        self.delivered: set[bytes] = set()
        self.wanted: set[bytes] = set()  # held documents that a clerk let take effect
        self.checks = 0
        self._batches: dict[bytes, Batch] = {}
        self._heads: dict[str, dict[bytes, tuple[bytes, int]]] = {}
        self._receipts: dict[str, int] = {}
        self._locals: dict[str, tuple[bytes, ...]] = {}

    def _require(self, holds: bool, what: str, *details: object) -> None:
        self.checks += 1
        if not holds:
            raise Violation(f"{what}: {' '.join(map(str, details))}")

    # --- what people were told

    def acknowledged(self, document: bytes, author: bytes, recipient: bytes, home: str) -> None:
        """A node said to its clerk: stored."""
        paper = self.papers.setdefault(document, Paper(document, author, recipient, home))
        paper.kept_at.add(home)

    def poison(self, poisoned: Poisoned) -> None:
        """One item of this batch is damaged, on purpose."""
        self.poisoned[canon.digest(poisoned.wire)] = poisoned.position
        self.damaged |= {
            canon.digest(item.payload) for item in poisoned.batch.items if item.position == poisoned.position
        }

    # --- hooks of the machines

    def started(self, host: Host) -> None:
        """A start: its incarnation is its own (protocol-core 9)."""
        assert host.house is not None
        name = host.house.incarnation
        self._require(name not in self.incarnations, "a stream's incarnation was used twice", host.name, short(name))
        self.incarnations[name] = host.name

    def rolled_back(self, host: Host) -> None:
        """The disk is older: what only this machine had, and nobody else, is lost by the disaster, not by us."""
        mine = [paper for paper in self.papers.values() if host.name in paper.kept_at]
        left = host.look(lambda tx: tx.documents.known({paper.id for paper in mine}))
        for paper in mine:
            if paper.id not in left:
                paper.kept_at.discard(host.name)
                if not paper.kept_at:
                    paper.lost = True
        for key in [key for key in self.verdicts if key[0] == host.name]:
            del self.verdicts[key]
        self.applied.pop(host.name, None)
        self._heads.pop(host.name, None)
        self._receipts.pop(host.name, None)

    def committed(self, host: Host, label: str, about: bytes) -> None:
        """After every transaction: the journals that grew, the batch that was taken, the receipts that were got."""
        assert host.store is not None
        batch = self._batches.get(canon.digest(about)) if label == TAKE_BATCH else None
        host.store.read(lambda tx: self._after_commit(host, tx, batch))

    def asks(self, host: Host, peer: NodeId, path: str, body: bytes) -> None:
        """A request leaves a machine."""
        if path == BATCHES:
            self._batch_leaves(host, body)
        elif path == RECEIPTS:
            self._receipt_leaves(host, body)

    def answers(self, host: Host, peer: NodeId, path: str, body: bytes) -> None:
        """An answer leaves a machine."""
        if path == BATCHES:
            self._receipt_leaves(host, body)
        elif path == NEXT and body:
            self._batch_leaves(host, body)

    def refuses(self, host: Host, wire: bytes, error: YuiError) -> None:
        """A machine refused a batch as a whole: not because of one bad item."""
        blocked = canon.digest(wire) in self.poisoned and error.code not in ("hello-first", "not-authorised", "frozen")
        self._require(not blocked or not is_peer_fault(error), "one bad item refused the whole batch", host.name, error)

    # --- after a commit

    def _after_commit(self, host: Host, tx: Tx, batch: Batch | None) -> None:
        self._check_journals(host, tx)
        if batch is not None:
            self._check_taken(host, tx, batch)
        self._check_receipts_got(host, tx)

    def _members(self, host: Host, tx: Tx) -> tuple[bytes, ...]:
        if host.name not in self._locals:
            self._locals[host.name] = tuple(row.member for row in tx.members.all(local=True))
        return self._locals[host.name]

    def _check_journals(self, host: Host, tx: Tx) -> None:
        seen = self._heads.get(host.name)
        if seen is None:
            seen = self._heads[host.name] = {}
            self._read_whole_journals(host, tx)
        for head in tx.heads.get_many(self._members(host, tx)).values():
            epoch, seq = seen.get(head.member, (b"", 0))
            if epoch != head.epoch:
                seq = 0
            if head.seq > seq:
                for row in tx.journal.after(head.member, head.epoch, seq, 10_000):
                    self._enter(host, row.member, row.epoch, row.seq, row.hash, row.object, row.kind, row.verdict)
                seen[head.member] = (head.epoch, head.seq)

    def _read_whole_journals(self, host: Host, tx: Tx) -> None:
        for member in self._members(host, tx):
            for epoch, _ in tx.journal.epochs(member):
                last = tx.heads.get(member)
                if last is not None and last.epoch == epoch:
                    continue
                for row in tx.journal.after(member, epoch, 0, 10_000):
                    if row.verdict == "applied":
                        self.applied.setdefault(host.name, {})[member, row.object] = 1
                    self._enter(host, row.member, row.epoch, row.seq, row.hash, row.object, row.kind, "")

    def _enter(
        self, host: Host, member: bytes, epoch: bytes, seq: int, hashed: bytes, subject: bytes, kind: str, verdict: str
    ) -> None:
        """One meaning per (member, epoch, seq) [3]; each document applied at most once at each end [5]."""
        before = self.entries.setdefault((member, epoch, seq), (hashed, subject))
        self._require(
            before[0] == hashed, "a journal position has two meanings", host.name, short(member), short(epoch), seq
        )
        if verdict == "applied" and kind in ("sent", "received", "adopted"):
            counts = self.applied.setdefault(host.name, {})
            if kind == "adopted" and (member, subject) in counts:
                return  # entered again in a new epoch, after the old one was cut back before it
            counts[member, subject] = counts.get((member, subject), 0) + 1
            self._require(counts[member, subject] == 1, "a document was applied twice", host.name, short(subject), kind)

    def _check_taken(self, host: Host, tx: Tx, batch: Batch) -> None:
        """A cursor stands only behind what is stored, given a verdict, or set aside."""
        cursor = tx.streams.get(batch.sender, batch.incarnation)
        for item in batch.items if cursor is not None else ():
            if item.position <= (cursor or 0) and item.kind == ItemKind.DOCUMENT.value:
                self._require(
                    self._is_settled(tx, item.payload),
                    "the cursor stands behind a document that is not stored",
                    host.name,
                    item.position,
                )

    @staticmethod
    def _is_settled(tx: Tx, payload: bytes) -> bool:
        """Stored, set aside, or answered with what keeps it in its sender's stream.

        Of two kinds nothing is kept (protocol §8.3): by an author whose history is not here (``history``), and for a
        member that was at home here and is not any more (``elsewhere``). Either leaf marks no document as delivered.
        """
        name = canon.digest(payload)
        document = document_id(payload)
        if document is not None and tx.documents.get(document) is not None:
            return True
        if tx.quarantine.by_object([name]) or (document is not None and tx.quarantine.by_object([document])):
            return True
        return document is not None and (not _is_known_author(tx, payload) or _has_left(tx, payload))

    def _check_receipts_got(self, host: Host, tx: Tx) -> None:
        """A receipt of an epoch that was cut back does not count [7]."""
        last = self._receipts.get(host.name)
        fresh: list[ReceiptRow] = []
        at = last or 0
        while found := tx.receipts.get_many(range(at + 1, at + 5)):
            fresh += found.values()
            at += len(found)
        self._receipts[host.name] = at
        for row in fresh if last is not None else ():
            if row.direction == "got":
                self._check_counted(host, tx, row)

    def _check_counted(self, host: Host, tx: Tx, row: ReceiptRow) -> None:
        leaves = [Leaf(*raw) for raw in canon.decode(row.wire, max_bytes=1 << 20)[3]]
        marks = tx.outgoing.marks([leaf.document for leaf in leaves])
        for leaf in leaves:
            counted = any(mark.receipt == row.id and mark.node == row.node for mark in marks.get(leaf.document, ()))
            if counted and leaf.recipient != row.node and leaf.seq:
                self._require(
                    stands(tx, leaf), "a receipt of a stale epoch was counted", host.name, short(leaf.document)
                )

    # --- what leaves a machine

    def _batch_leaves(self, host: Host, wire: bytes) -> None:
        """A position of a stream is never used for two items."""
        batch = batches.verify(wire, host.settings.key.public)
        self._batches[canon.digest(wire)] = batch
        bad = self.poisoned.get(canon.digest(wire))
        for item in batch.items:
            if item.position != bad:
                key = (batch.receiver, batch.incarnation, item.position)
                name = _item_name(item.kind, item.payload)
                before = self.positions.setdefault(key, name)
                self._require(before == name, "a stream's position was used twice", host.name, item.position)

    def _receipt_leaves(self, host: Host, wire: bytes) -> None:
        """A receipt implies durability at its signer, and a duplicate gets its first verdict."""
        receipt = receipts.verify(wire, host.settings.key.public)
        own = [leaf for leaf in receipt.leaves if leaf.recipient != host.node]
        kept = [leaf for leaf in own if leaf.verdict != Verdict.QUARANTINED.value]
        known = host.look(lambda tx: tx.documents.known({leaf.document for leaf in kept})) if kept else set()
        for leaf in kept:
            self._require(leaf.document in known, "a receipt for what is not stored", host.name, short(leaf.document))
            if leaf.document in self.papers and not host.is_copy:
                self.papers[leaf.document].kept_at.add(host.name)
            if leaf.seq:
                self._check_leaf(host, leaf)

    def _check_leaf(self, host: Host, leaf: Leaf) -> None:
        entry = self.entries.get((leaf.recipient, leaf.epoch, leaf.seq))
        self._require(
            entry is not None and entry[1] == leaf.document,
            "a receipt names a journal position that is another document's",
            host.name,
            short(leaf.document),
            leaf.seq,
        )
        key = (host.name, leaf.document, leaf.recipient)
        before = self.verdicts.get(key)
        if before is not None and _was_on_its_way(leaf, before):
            return
        self._require(
            before is None or before.verdict == leaf.verdict or before.verdict in CHANGEABLE,
            "a duplicate got another verdict than the first",
            host.name,
            short(leaf.document),
            before.verdict if before is not None else "",
            leaf.verdict,
        )
        self.verdicts[key] = leaf
        if leaf.verdict == "applied":
            self.delivered.add(leaf.document)


def _was_on_its_way(leaf: Leaf, said: Leaf) -> bool:
    """Was ``leaf`` committed before ``said``, and overtaken? Two answers of a machine leave it in either order; where
    the first only waits, its reader lets the later position of the journal stand (protocol §8.3)."""
    return leaf.verdict in CHANGEABLE and leaf.epoch == said.epoch and leaf.seq < said.seq


# --- the same questions, asked without the product's own answers


def short(name: bytes) -> str:
    """The first digits of an id."""
    return name.hex()[:12]


def is_peer_fault(error: YuiError) -> bool:
    """Was the sender blamed?"""
    return error.code in ("malformed", "too-large", "bad-signature", "misdirected", "peer-fault")


def document_id(payload: bytes) -> bytes | None:
    """The id of the document in an envelope, or None if it is no envelope."""
    try:
        raw = canon.decode(payload, max_bytes=1 << 20)
        return canon.digest(raw[1]) if type(raw) is list and len(raw) == 5 and type(raw[1]) is bytes else None
    except YuiError:
        return None


def _item_name(kind: str, payload: bytes) -> bytes:
    """What an item is about: a history may have grown since it was queued, a document may have lost a part."""
    if kind == ItemKind.DOCUMENT.value:
        return document_id(payload) or canon.digest(payload)
    if kind == ItemKind.HISTORY.value:
        return canon.digest(canon.decode(payload, max_bytes=1 << 20)[1])
    return canon.digest(payload)


def _is_known_author(tx: Tx, payload: bytes) -> bool:
    try:
        header = canon.decode(canon.decode(payload, max_bytes=1 << 20)[1])
    except YuiError:
        return True
    return any(row.hash == header[5] for row in tx.controls.by_member(header[4]))


def _has_left(tx: Tx, payload: bytes) -> bool:
    """Is the document in an envelope for a member that was at home here, or is on its way here?"""
    recipient = headers.parse(canon.decode(payload, max_bytes=1 << 20)[1]).audience.id
    row = tx.members.get(recipient)
    return row is not None and not row.local and tx.heads.get(recipient) is not None


@lru_cache(maxsize=4096)
def parsed(wire: bytes) -> Signed:
    """A control record; the same few are asked for again and again."""
    return control.parse(wire)


def stands(tx: Tx, leaf: Leaf) -> bool:
    """Is the journal position in ``leaf`` part of the history that the recipient's current epoch stands on?

    Walks the stored records back from the member's current epoch: a position counts in that epoch, and in an earlier
    one up to where its successor says that it ended.
    """
    records = {row.hash: parsed(row.wire) for row in tx.controls.by_member(leaf.recipient)}
    member = tx.members.get(leaf.recipient)
    at = member.epoch if member is not None else None
    while at:
        if at == leaf.epoch:
            return True
        epoch = _epoch(records.get(at))
        if epoch is None:
            return False
        if epoch.parent == leaf.epoch:
            return leaf.seq <= epoch.parent_seq
        at = epoch.parent
    return False


def _epoch(signed: Signed | None) -> Epoch | None:
    payload = signed.record.payload if signed is not None else None
    return payload if isinstance(payload, Epoch) else None


def unjustified(records: Iterable[Signed], superseded: set[bytes]) -> list[bytes]:
    """Records that were undone though no rival of strictly higher rank stands beside them or before them."""
    by_hash = {item.record.hash: item.record for item in records}
    found = []
    for name in sorted(superseded):
        record = by_hash[name]
        at, justified = record, False
        while not justified and at is not None:
            justified = any(
                rival.previous == at.previous and rival.hash not in superseded and rival.rank > at.rank
                for rival in by_hash.values()
            )
            before = by_hash.get(at.previous)
            if before is None or before.hash not in superseded:
                break
            at = before
        if not justified:
            found.append(name)
    return found
