"""A member put back from frames in a store of its own, in memory, and compared with what was expected.

Owns the throw-away house and store: nothing of them reaches a disk, signs anything or is seen by anybody. What came
back is judged by the same functions that a real return uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from node.services import dealings, members
from node.services.belongings import items, rebuilding, state
from node.services.belongings.items import Joiner
from node.services.drilling.expecting import Expected
from node.services.house import House
from node.store import ThreadRow, Tx, open_memory
from protocol import canon
from protocol.document import envelope
from protocol.errors import YuiError
from protocol.guardian import frame
from protocol.guardian.frame import Signed
from protocol.keys import SigningKey

_PAGE = 200


class Lacking(NamedTuple):
    """Something that a return today would not bring back. ``what``: documents, entries, state, dealings, items,
    frames; ``number`` of them; ``which``: the first few, by id or name."""

    what: str
    number: int
    which: tuple[str, ...]


class Restored(NamedTuple):
    """What came back: how many ``documents`` of those expected, journal ``entries``, ``dealings``, and what did not."""

    documents: int
    entries: int
    dealings: int
    lacking: tuple[Lacking, ...]


class _InMemory:
    """Keeps secrets as they are: they live as long as the drill of one member."""

    def wrap(self, _purpose: str, _subject: bytes, secret: bytes) -> bytes:
        return secret

    def unwrap(self, _purpose: str, _subject: bytes, wrapped: bytes) -> bytes:
        return wrapped


def restore(house: House, wanted: Expected, frames: Sequence[Signed]) -> Restored:
    """Decrypt, put back and fold ``frames`` (in order), and compare. ``house`` lends clock, network and entropy."""
    other = House(house.network, SigningKey(house.entropy(32)), _InMemory(), house.clock, house.entropy)
    store = open_memory()
    try:
        found = _Lack()
        store.write(lambda tx: members.learn_history(other, tx, wanted.history))
        joiner = Joiner()
        for signed in _readable(wanted, frames):
            _put_back(other, store.write, wanted, signed, joiner, found)
        store.write(lambda tx: _settle(other, tx, wanted.member))
        return store.read(lambda tx: _compare(other, tx, wanted, found))
    finally:
        store.close()


def _readable(wanted: Expected, frames: Iterable[Signed]) -> list[Signed]:
    """Without those at the beginning whose keys were retired: everything was laid again behind them."""
    every = list(frames)
    first = next((at for at, signed in enumerate(every) if signed.frame.key in wanted.keys), 0)
    return every[first:]


class _Lack:
    """What is missing, by kind."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def add(self, what: str, which: str) -> None:
        self.found.setdefault(what, []).append(which)

    def all(self) -> tuple[Lacking, ...]:
        return tuple(Lacking(what, len(which), tuple(which[:5])) for what, which in sorted(self.found.items()))


def _put_back(
    other: House,
    write: Callable[[Callable[[Tx], rebuilding.Rebuilt]], rebuilding.Rebuilt],
    wanted: Expected,
    signed: Signed,
    joiner: Joiner,
    found: _Lack,
) -> None:
    place = signed.frame.place
    try:
        plain = frame.unseal(signed, wanted.keys)
        group = list(joiner.feed(items.unpack(plain)))
    except YuiError as fault:
        found.add("frames", f"{place.number}: {fault}")
        return
    done = write(lambda tx: rebuilding.rebuild(other, tx, wanted.member, group))
    for line in done.bad:
        found.add("items", line[:120])
    for kind in sorted(done.unknown):
        found.add("items", f"unknown kind {kind[:16]}")


def _settle(other: House, tx: Tx, member: bytes) -> None:
    """Fold its dealings, as its new home would."""
    row = tx.members.get(member)
    if row is not None:
        tx.members.put(row._replace(local=True))
    held = [document for _, document in tx.holdings.dealings_of(member)]
    threads = dict.fromkeys(row.thread for row in tx.documents.get_many(held).values())
    dealings.refresh(other, tx, threads)


def _compare(other: House, tx: Tx, wanted: Expected, found: _Lack) -> Restored:
    here = _documents(tx, wanted.member)
    good = 0
    for document, digest in wanted.documents.items():
        if here.get(document) == digest:
            good += 1
        else:
            found.add("documents", document.hex()[:16])
    entries = 0
    for epoch, (seq, last) in wanted.entries.items():
        row = tx.journal.last(wanted.member, epoch)
        at = tx.journal.after(wanted.member, epoch, seq - 1, 1) if row is not None and row.seq >= seq else []
        if at and at[0].hash == last:
            entries += seq
        else:
            found.add("entries", f"{epoch.hex()[:12]}: {row.seq if row else 0} of {seq}")
    if wanted.entries and tx.heads.get(wanted.member) is None:
        found.add("entries", "no signed head")
    for shelf in state.differing(other, tx, wanted.member, wanted.state):
        found.add("state", shelf)
    dealt = _dealings(tx, wanted, found)
    return Restored(good, entries, dealt, found.all())


def _documents(tx: Tx, member: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    after = 0
    while rows := tx.holdings.after(member, after, _PAGE):
        for document, stored in tx.documents.full_many([row.document for row in rows]).items():
            found[document] = canon.digest(envelope.encode(dealings.document_of(stored)))
        after = rows[-1].position
    return found


def _dealings(tx: Tx, wanted: Expected, found: _Lack) -> int:
    """Dealings that stand as they stand in production."""
    here = tx.threads.get_many(wanted.member, wanted.threads)
    same = 0
    for thread, row in wanted.threads.items():
        if thread in here and _meaning(here[thread]) == _meaning(row):
            same += 1
        else:
            found.add("dealings", thread.hex()[:16])
    return same


def _meaning(row: ThreadRow) -> ThreadRow:
    return row._replace(updated=0)
