"""What may be wrong with a node: files, chains, keys, space, links. Reads only; repairs nothing.

SQLite's own check does not see a flipped bit in a value; the journals' hashes and the documents' ids do.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from node.i18n import N_
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
    """One check: its name, whether all is well, what was seen.

    ``name`` and ``text`` are messages of the catalogue that ``given`` fills in; ``check`` and ``detail`` the same in
    English, with which programs can tell checks apart.
    """

    check: str
    ok: bool
    detail: str
    name: str = ""
    text: str = ""
    given: Mapping[str, str | int] = MappingProxyType({})


def _found(name: str, ok: bool, text: str, **given: str | int) -> Finding:
    return Finding(name.format(**given), ok, text.format(**given), name, text, given)


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
    yield _found(N_("disk space"), free >= LOW_SPACE_BYTES, N_("{n} MiB free"), n=free // 1024**2)
    loose = [path.name for path in sorted((folder / "keys").glob("*")) if path.suffix != ".pub" and _readable(path)]
    text = N_("others can read: {files}") if loose else N_("nobody else can read them")
    yield _found(N_("key files"), not loose, text, files=", ".join(loose))
    owner = folder.stat().st_uid
    yield _found(N_("data folder"), owner in (os.getuid(), 0), N_("belongs to user {n}"), n=owner)


def _readable(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _frozen(house: House) -> Finding:
    text = "{reason}" if house.frozen else N_("yes")
    return _found(N_("may sign"), not house.frozen, text, reason=house.frozen)


def _broken(store: Store) -> Finding:
    text = N_("yes") if store.broken is None else "{error}"
    return _found(N_("store takes writes"), store.broken is None, text, error=str(store.broken or ""))


def _engine(store: Store) -> Finding:
    wrong = store.check()
    text = "{errors}" if wrong else N_("sound")
    return _found(N_("database file"), not wrong, text, errors="; ".join(wrong[:3]))


def _journals(tx: Tx) -> list[Finding]:
    """Walk every chain of local members and compare its end with the signed head."""
    found = []
    heads = {row.member: row for row in tx.heads.all()}
    for member in tx.members.all(local=True):
        journal_of, who = N_("journal of {who}"), member.name or member.member.hex()[:12]
        try:
            count = sum(_walk(tx, member.member, epoch) for epoch, _ in tx.journal.epochs(member.member))
            head = heads.get(member.member)
            last = None if head is None else tx.journal.last(member.member, head.epoch)
            whole = head is None or (last is not None and (last.seq, last.hash) == (head.seq, head.hash))
            text = N_("{n} entries") if whole else N_("does not end at its signed head")
            found.append(_found(journal_of, whole, text, who=who, n=count))
        except YuiError as fault:
            found.append(_found(journal_of, False, "{error}", who=who, error=str(fault)))
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
                return _found(N_("documents"), False, N_("{id}: its header was changed"), id=item.row.id.hex()[:12])
            named = {ref.name: ref.hash for ref in headers.parse(item.row.header).parts}
            for part in item.parts:
                if named.get(part.name) != part_hash(Part(part.salt, part.content)):
                    text = N_("{id}: its {part} part was changed")
                    return _found(N_("documents"), False, text, id=item.row.id.hex()[:12], part=part.name)
        if not stored:
            return _found(N_("documents"), True, N_("{n} documents are as they were signed"), n=count)
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
    text = N_("missing: {names}") if lacking else N_("all there")
    return _found(N_("signing keys"), not lacking, text, names=", ".join(lacking))


def _epochs(tx: Tx) -> Finding:
    """Crash after crash lengthens every member's history; somebody must look for the cause before it is too long."""
    most = max((row.epoch_number for row in tx.members.all(local=True)), default=0)
    few = most < MANY_EPOCHS
    text = N_("the longest history has {n} epochs")
    if not few:
        text = N_("the longest history has {n} epochs: this node crashes too often")
    return _found(N_("epochs"), few, text, n=most)


def _departed(house: House, tx: Tx) -> Iterator[Finding]:
    """A node that came back after its members went elsewhere: what it still owes their new homes."""
    for gone in departed.all_of(house, tx):
        given: dict[str, str | int] = {
            "who": gone.name or gone.member.hex()[:12],
            "home": gone.home.hex()[:12],
            "n": gone.tail,
        }
        text = N_("its new home {home} has not answered since")
        if gone.reached:
            text = N_("{n} papers are not handed over to {home} yet")
        yield _found(N_("moved away: {who}"), gone.reached and gone.tail == 0, text, **given)


def _work(house: House, tx: Tx) -> Iterator[Finding]:
    lag, quarantined = tx.index_lag(), tx.quarantine.count()
    yield _found(N_("search index"), lag < 10_000, N_("{n} documents behind"), n=lag)
    yield _found(N_("quarantine"), quarantined == 0, N_("{n} records wait for a person"), n=quarantined)
    now = house.clock()
    for row in tx.links.all():
        peer = tx.peers.get(row.node)
        if peer is None or peer.state != "accepted":
            continue
        silent = row.failures > 0 and now - max(row.last_success, peer.added) > HOUR_US
        text = N_("{n} failures: {error}") if row.failures else N_("works")
        given: dict[str, str | int] = {
            "who": peer.name or peer.node.hex()[:12],
            "n": row.failures,
            "error": row.last_error,
        }
        yield _found(N_("link to {who}"), not silent, text, **given)
