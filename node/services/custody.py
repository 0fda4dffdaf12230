"""The journals of local members while one transaction writes them.

Owns the order of entries and the one signed head per transaction and member. Decides nothing: what is entered, and
when, is the caller's. Knows no SQL and no network.
"""

from __future__ import annotations

from collections.abc import Iterable

from node.services.house import House
from node.store import HeadRow, JournalRow, Tx
from protocol import journal
from protocol.errors import InvariantBroken, WorldFault
from protocol.journal import Entry, Kind, Position


class Custody:
    """Collects entries; :meth:`close` writes them with their heads. Every path of a transaction must close it."""

    def __init__(self, house: House, tx: Tx, members: Iterable[bytes] = ()) -> None:
        self._house = house
        self._tx = tx
        self._at: dict[bytes, Position] = {}
        self._entries: list[Entry] = []
        self._load(members)

    def enter(self, member: bytes, kind: Kind, subject: bytes, verdict: str = "") -> Entry:
        """Append one entry to the journal of ``member``, in its current epoch."""
        at = self._at.get(member)
        if at is None:
            self._load((member,))
            at = self._at[member]
        entry, self._at[member] = journal.append(at, kind, subject, verdict)
        self._entries.append(entry)
        return entry

    def begin(self, member: bytes, epoch: bytes) -> None:
        """From here on ``member`` writes in ``epoch``."""
        self._at[member] = journal.open_epoch(member, epoch)

    def position(self, member: bytes) -> Position:
        """Where the journal of ``member`` stands, entries not yet written included."""
        if member not in self._at:
            self._load((member,))
        return self._at[member]

    def close(self) -> None:
        """Write the entries and sign the heads of every journal that grew."""
        if not self._entries:
            return
        now = self._house.clock()
        self._tx.journal.add_many([JournalRow(*entry, now) for entry in self._entries])
        grown = {entry.member: None for entry in self._entries}
        self._tx.heads.put_many([self._head(self._at[member], now) for member in grown])
        self._entries.clear()
        if self._house.guarded:
            self._house.uncopied.update(grown)

    def _head(self, at: Position, now: int) -> HeadRow:
        key = self._house.keyring.get(at.epoch)
        if key is None and self._tx.meta.get("recovering"):  # epochs were being opened, and could not be stored
            raise WorldFault("this node is asking its peers what they know of it: try again soon", code="recovering")
        if key is None:
            raise InvariantBroken(f"no signing key for epoch {at.epoch.hex()[:12]}")
        return HeadRow(at.member, at.epoch, at.seq, at.hash, journal.sign_head(key, at), now)

    def _load(self, members: Iterable[bytes]) -> None:
        wanted = [member for member in members if member not in self._at]
        if not wanted:
            return
        heads = self._tx.heads.get_many(wanted)
        known = self._tx.members.get_many(wanted)
        for member in wanted:
            row = known.get(member)
            if row is None or not row.local or not row.epoch:
                raise InvariantBroken(f"no journal for {member.hex()[:12]}: not a member of this node")
            head = heads.get(member)
            if head is not None and head.epoch == row.epoch:
                self._at[member] = Position(member, head.epoch, head.seq, head.hash)
            else:
                self._at[member] = journal.open_epoch(member, row.epoch)
