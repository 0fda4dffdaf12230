"""What must never happen to members with guardians: checked after every step, beside all that :class:`Ledger` checks.

Owns the account of what was called safe and of who became a home. Numbers in brackets: continuity §9.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from node.services.claiming import State
from node.sim.host import Host
from node.sim.invariants import Ledger, Violation, parsed, short
from node.store import GuardedRow, Tx, WardFrameRow
from protocol import keys
from protocol.guardian import frame, messages
from protocol.guardian.frame import Tip
from protocol.identity.control import Epoch, Guardians, Record
from protocol.identity.genesis import Rank
from protocol.keys import NodeId
from protocol.link.batch import Batch

EVERYTHING = 100_000
GONE = b""  # the image of a disk that was destroyed


class GuardedLedger(Ledger):
    """``hosts``: machines that exist, copies left out; ``is_faulty``: may this guardian have forgotten, or lie?"""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: list[Host] = []
        self.is_faulty: Callable[[bytes], bool] = lambda _node: False
        self.thieves: dict[bytes, str] = {}  # member → machine of a thief who is its home just now
        self.safe: dict[bytes, set[bytes]] = {}
        self.home: dict[bytes, tuple[bytes, Host]] = {}  # member → (epoch, who opened it)
        self._parents: dict[bytes, bytes] = {}  # of every epoch that was opened
        self.returns = 0
        self.safe_at_opening = 0
        self._seen_safe: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._epochs: dict[tuple[str, bytes], bytes] = {}
        self._opened: set[bytes] = set()
        self._successors: dict[tuple[bytes, bytes, int], bytes] = {}

    # --- disks

    def destroyed(self, host: Host) -> None:
        """A disk is gone: what nobody else has is lost by the disaster, unless it was called safe."""
        self._forget(host)
        papers = {paper.id: paper for paper in self.papers.values() if not paper.lost}
        left = set(papers) - self.everything_safe()
        for other in self.hosts:
            if other is not host and other.image != GONE:
                left -= _known(other, left)
        for document in left:
            papers[document].lost = True

    def everything_safe(self) -> set[bytes]:
        """Documents that any member was told are safe."""
        return set().union(*self.safe.values()) if self.safe else set()

    def rolled_back(self, host: Host) -> None:
        """As :meth:`destroyed`, but what is on the older disk is still here."""
        self._forget(host)
        papers = {paper.id: paper for paper in self.papers.values() if not paper.lost}
        left = set(papers) - self.everything_safe()
        for other in self.hosts:
            if other.image != GONE:
                left -= _known(other, left)
        for document in left:
            papers[document].lost = True

    def _forget(self, host: Host) -> None:
        for key in [key for key in self.verdicts if key[0] == host.name]:
            del self.verdicts[key]
        for named in [named for named in self._seen_safe if named[0] == host.name]:
            del self._seen_safe[named]
        self.applied.pop(host.name, None)
        self._heads.pop(host.name, None)
        self._receipts.pop(host.name, None)

    # --- after a commit

    def _members(self, host: Host, tx: Tx) -> tuple[bytes, ...]:
        return tuple(row.member for row in tx.members.all(local=True))

    def _after_commit(self, host: Host, tx: Tx, batch: Batch | None) -> None:
        super()._after_commit(host, tx, batch)
        for member in self._members(host, tx):
            self._check_home(host, tx, member)
            row = tx.guarding.get(member)
            if row is not None and not host.is_copy:
                self._check_safe(host, tx, row)

    def _check_home(self, host: Host, tx: Tx, member: bytes) -> None:
        head = tx.heads.get(member)
        if head is None or self._epochs.get((host.name, member)) == head.epoch:
            return
        self._epochs[host.name, member] = head.epoch
        record = self._record(tx, member, head.epoch)
        opened = record.payload
        assert isinstance(opened, Epoch)
        self._require(opened.home == host.node, "a home opened another's epoch", host.name, short(member))
        self._check_successor(host, member, record, opened)
        row = tx.returning.get(member)
        first = head.epoch not in self._opened
        self._opened.add(head.epoch)
        if (
            first
            and record.rank >= Rank.GUARDIANS
            and row is not None
            and row.state == State.OPEN.value
            and row.record
            and parsed(row.record).record.hash == head.epoch
        ):
            self._check_return(host, tx, member, record, opened)
        self._parents.setdefault(head.epoch, opened.parent)
        if not host.is_copy and self._follows(member, record, opened):
            self.home[member] = (head.epoch, host)

    def _follows(self, member: bytes, record: Record, opened: Epoch) -> bool:
        """Does this epoch make its opener the home of today?

        What people and guardians have decided does (numbers do not tell: an undo begins behind an older epoch), unless
        the home of today stands on it already. What a node opens for itself does if it is the home of today.
        """
        epoch = self.home[member][0] if member in self.home else b""
        if record.rank < Rank.GUARDIANS:
            return not epoch or opened.parent == epoch
        while epoch:
            if epoch == record.hash:
                return False
            epoch = self._parents.get(epoch, b"")
        return True

    @staticmethod
    def _record(tx: Tx, member: bytes, epoch: bytes) -> Record:
        return next(parsed(row.wire).record for row in tx.controls.by_member(member) if row.hash == epoch)

    def _check_successor(self, host: Host, member: bytes, record: Record, opened: Epoch) -> None:
        """One certified successor of an epoch [4]; a strictly higher rank may undo it."""
        if record.rank < Rank.GUARDIANS:
            return
        key = (member, opened.parent, int(record.rank))
        before = self._successors.setdefault(key, record.hash)
        self._require(before == record.hash, "two homes follow one epoch", host.name, short(member), opened.number)

    def _check_return(self, host: Host, tx: Tx, member: bytes, record: Record, opened: Epoch) -> None:
        """A new home opens: q guardians stand for it [4] and have what it read, and all that was safe is there [1]."""
        self.returns += 1
        log = self._guardians(tx, member)
        agreed = sum(node == host.node or self._stands_for(node, member, record.hash) for node in log[0])
        self._require(agreed >= log[1], "a home opened that too few guardians agreed on", host.name, agreed)
        end = tx.guarding.last_frame(member)
        others = [node for node in log[0] if node != host.node]
        given = len(log[0]) - len(others) + sum(end is None or self._holds(node, member, end.hash) for node in others)
        self._require(given >= log[1], "a home opened before its copies were given back", host.name, given)
        if self.thieves.get(member) == host.name:
            return
        safe = self.safe.get(member, set())
        held = {row.document for row in tx.holdings.after(member, 0, EVERYTHING)}
        self.safe_at_opening += len(safe)
        missing = sorted(safe - held)
        self._require(not missing, "safe, and not in the new home", host.name, *map(short, missing[:3]))

    def _stands_for(self, node: bytes, member: bytes, record: bytes) -> bool:
        host = self._host(node)
        if host is None or self.is_faulty(node):
            return True
        return any(row.accepted == record for row in host.look(lambda tx: tx.registers.of(member)))

    def _host(self, node: bytes) -> Host | None:
        return next((host for host in self.hosts if host.node == node and host.image != GONE), None)

    @staticmethod
    def _guardians(tx: Tx, member: bytes) -> tuple[list[bytes], int, int]:
        """Node ids, q and k, as the newest record that stands and names guardians says."""
        rows = [row for row in tx.controls.by_member(member) if not row.superseded]
        for row in sorted(rows, key=lambda row: -row.number):
            payload = parsed(row.wire).record.payload
            if isinstance(payload, Guardians):
                return [keys.node_id(key) for key in payload.keys], payload.q, payload.k
        raise Violation("a member has lost its guardians")

    # --- safe

    def _check_safe(self, host: Host, tx: Tx, row: GuardedRow) -> None:
        """Called safe: k guardians hold it; and the present home has it, whoever says it [1]."""
        seen = (row.safe_at, row.safe_holdings)
        if self._seen_safe.get((host.name, row.member)) == seen:
            return
        self._seen_safe[host.name, row.member] = seen
        if not row.safe_holdings:
            return
        nodes, _, k = self._guardians(tx, row.member)
        made = tx.guarding.frame_at(row.member, row.safe_place)
        name = made.hash if made is not None else b""
        holding = sum(node != host.node and self._holds(node, row.member, name) for node in nodes)
        self._require(holding >= k, "safe was said with too few copies", host.name, short(row.member), holding)
        if self.thieves.get(row.member) == host.name:
            return
        rows = tx.holdings.after(row.member, 0, EVERYTHING)
        fresh = {item.document for item in rows if item.position <= row.safe_holdings}
        fresh -= self.safe.setdefault(row.member, set())
        self.safe[row.member] |= fresh
        _, home = self.home.get(row.member, (b"", host))
        if fresh and home is not host and home.image != GONE and row.member not in self.thieves:
            known = home.look(lambda tx: tx.holdings.get_many(row.member, sorted(fresh)))
            missing = sorted(fresh - set(known))
            self._require(not missing, "an old home calls safe what the new one lacks", host.name, *map(short, missing))

    def _holds(self, node: bytes, member: bytes, name: bytes) -> bool:
        host = self._host(node)
        if host is None or self.is_faulty(node):
            return True
        return host.look(lambda tx: tx.wards.frame_hashed(member, name)) is not None

    # --- what leaves a machine

    def answers(self, host: Host, peer: NodeId, path: str, body: bytes) -> None:
        """An acknowledgement of frames implies an unbroken chain; a receipt that says safe was safe."""
        super().answers(host, peer, path, body)
        if path in (messages.FRAMES, messages.WRITE_BACK) and not host.is_copy:
            self._check_kept(host, peer, body)

    def _check_kept(self, host: Host, peer: NodeId, wire: bytes) -> None:
        kept = frame.verify_kept(wire, host.settings.key.public, "test", peer)
        for tip in kept.tips:
            rows = host.look(partial(_frames, tip))
            numbers = [row.number for row in rows if row.number <= tip.number]
            whole = numbers == list(range(1, tip.number + 1)) and rows[tip.number - 1].hash == tip.hash
            self._require(whole, "a guardian acknowledges what it does not keep", host.name, tip.number, numbers[:5])


def _frames(tip: Tip, tx: Tx) -> list[WardFrameRow]:
    return tx.wards.frames_after(tip.member, tip.epoch, 0, EVERYTHING)


def _known(host: Host, documents: set[bytes]) -> set[bytes]:
    return set(host.look(lambda tx: tx.documents.known(documents)))
