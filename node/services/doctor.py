"""What may be wrong with a node: files, chains, keys, space, links. Reads only; repairs nothing.

SQLite's own check does not see a flipped bit in a value; the journals' hashes and the documents' ids do.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from node.services import departed, members
from node.services.house import House
from node.store import Store, Tx
from protocol import journal
from protocol.document import header as headers
from protocol.document.envelope import Part, part_hash
from protocol.errors import YuiError
from protocol.journal import Entry

LOW_SPACE_BYTES: Final = 512 * 1024 * 1024
STEP: Final = 500
HOUR_US: Final = 3600 * 1_000_000
MANY_EPOCHS: Final = 1_000  # a history of some 1,800 records no longer fits into one batch to a peer


class Finding(NamedTuple):
    """One check: its name, whether all is well, what was seen."""

    check: str
    ok: bool
    detail: str


def examine(house: House, store: Store, folder: Path) -> list[Finding]:
    """Every check, in a fixed order."""
    found = [*_folder(folder), _frozen(house), _broken(store), _engine(store)]
    found += store.read(_journals)
    found.append(_documents(store))
    found.append(store.read(lambda tx: _keys(house, tx)))
    found.append(store.read(_epochs))
    found += store.read(lambda tx: list(_departed(house, tx)))
    found += store.read(lambda tx: list(_work(house, tx)))
    return found


def _folder(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    yield Finding("disk space", free >= LOW_SPACE_BYTES, f"{free // 1024**2} MiB free")
    loose = [path.name for path in sorted((folder / "keys").glob("*")) if path.suffix != ".pub" and _readable(path)]
    yield Finding("key files", not loose, "others can read: " + ", ".join(loose) if loose else "mode 0600")
    owner = folder.stat().st_uid
    yield Finding("data folder", owner in (os.getuid(), 0), f"belongs to user {owner}")


def _readable(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _frozen(house: House) -> Finding:
    return Finding("may sign", not house.frozen, house.frozen or "yes")


def _broken(store: Store) -> Finding:
    return Finding("store takes writes", store.broken is None, str(store.broken or "yes"))


def _engine(store: Store) -> Finding:
    wrong = store.check()
    return Finding("database file", not wrong, "; ".join(wrong[:3]) or "sound")


def _journals(tx: Tx) -> list[Finding]:
    """Walk every chain of local members and compare its end with the signed head."""
    found = []
    heads = {row.member: row for row in tx.heads.all()}
    for member in tx.members.all(local=True):
        name = f"journal of {member.name or member.member.hex()[:12]}"
        try:
            count = sum(_walk(tx, member.member, epoch) for epoch, _ in tx.journal.epochs(member.member))
            head = heads.get(member.member)
            last = None if head is None else tx.journal.last(member.member, head.epoch)
            whole = head is None or (last is not None and (last.seq, last.hash) == (head.seq, head.hash))
            found.append(Finding(name, whole, f"{count} entries" if whole else "does not end at its signed head"))
        except YuiError as fault:
            found.append(Finding(name, False, str(fault)))
    return found


def _walk(tx: Tx, member: bytes, epoch: bytes) -> int:
    at, count = journal.open_epoch(member, epoch), 0
    while rows := tx.journal.after(member, epoch, at.seq, STEP):
        at = journal.require_chain(at, [Entry(*row[:8]) for row in rows])
        count += len(rows)
    return count


def _documents(store: Store) -> Finding:
    """Every header hashes to its id, every part to what its header says."""
    at, count = 0, 0
    while True:
        stored = store.read(lambda tx, after=at: tx.documents.after(after, STEP))  # type: ignore[misc]
        for item in stored:
            if headers.identify(item.row.header) != item.row.id:
                return Finding("documents", False, f"{item.row.id.hex()[:12]}: its header was changed")
            named = {ref.name: ref.hash for ref in headers.parse(item.row.header).parts}
            for part in item.parts:
                if named.get(part.name) != part_hash(Part(part.salt, part.content)):
                    return Finding("documents", False, f"{item.row.id.hex()[:12]}: its {part.name} part was changed")
        if not stored:
            return Finding("documents", True, f"{count} documents are as they were signed")
        at, count = stored[-1].row.position, count + len(stored)


def _keys(house: House, tx: Tx) -> Finding:
    lacking = []
    for member in tx.members.all(local=True):
        row = tx.wrapped_keys.get(members.EPOCH_KEY, member.epoch or b"")
        try:
            if row is None:
                raise KeyError
            house.wrap.unwrap(members.EPOCH_KEY, row.subject, row.wrapped)
        except (KeyError, YuiError):
            lacking.append(member.name or member.member.hex()[:12])
    return Finding("signing keys", not lacking, "missing: " + ", ".join(lacking) if lacking else "all there")


def _epochs(tx: Tx) -> Finding:
    """Crash after crash lengthens every member's history; somebody must look for the cause before it is too long."""
    most = max((row.epoch_number for row in tx.members.all(local=True)), default=0)
    detail = f"the longest history has {most} epochs"
    return Finding(
        "epochs", most < MANY_EPOCHS, detail if most < MANY_EPOCHS else f"{detail}: this node crashes too often"
    )


def _departed(house: House, tx: Tx) -> Iterator[Finding]:
    """A node that came back after its members went elsewhere: what it still owes their new homes."""
    for gone in departed.all_of(house, tx):
        name = f"moved away: {gone.name or gone.member.hex()[:12]}"
        if not gone.reached:
            yield Finding(name, False, f"its new home {gone.home.hex()[:12]} has not answered since")
        else:
            yield Finding(name, gone.tail == 0, f"{gone.tail} papers are not handed over to {gone.home.hex()[:12]} yet")


def _work(house: House, tx: Tx) -> Iterator[Finding]:
    lag, quarantined = tx.index_lag(), tx.quarantine.count()
    yield Finding("search index", lag < 10_000, f"{lag} documents behind")
    yield Finding("quarantine", quarantined == 0, f"{quarantined} records wait for a person")
    now = house.clock()
    for row in tx.links.all():
        peer = tx.peers.get(row.node)
        if peer is None or peer.state != "accepted":
            continue
        silent = row.failures > 0 and now - max(row.last_success, peer.added) > HOUR_US
        detail = f"{row.failures} failures: {row.last_error}" if row.failures else "works"
        yield Finding(f"link to {peer.name or peer.node.hex()[:12]}", not silent, detail)
