"""What a home that was put back from an old backup still has to hear from its guardians, member by member.

Owns one record in the store: which rows were as the backup has them, up to where frames of former epochs have been
taken in since, and which guardians have shown the vault that they keep. It is there from the restore until as many
guardians were heard as a return needs. No new vault key is made before as many have shown their vault: the backup may
be older than the key in force, and another one in its place would lock the guardians' copies away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from node.services.belongings import collecting
from node.store import GuardAckRow, GuardedRow, Tx
from protocol import canon, keys, shape
from protocol.identity.log import ControlLog
from protocol.journal import MAX_SEQ
from protocol.limits import MAX_GUARDIANS, MIB

_TAG: Final = "yui/behind/1"
_PREFIX: Final = "behind/"
_RESTORED: Final = "restored/"
_TOLD: Final = "restored-told/"
MAX_TOLD: Final = 20
FILES_US: Final = 7 * 24 * 3600 * 1_000_000
_MAX_BYTES: Final = 32 * MIB


def tell(tx: Tx, member: bytes, lines: Sequence[str]) -> None:
    """Note for people what of a copy was not taken in."""
    before = told(tx, member)
    fresh = [line for line in lines if line not in before]
    if fresh:
        text = "\n".join([*before, *fresh][-MAX_TOLD:])
        tx.meta.set(_TOLD + member.hex(), text.encode())


def told(tx: Tx, member: bytes) -> tuple[str, ...]:
    """What of copies was not taken in since a backup was put back."""
    return tuple((tx.meta.get(_TOLD + member.hex()) or b"").decode().splitlines())


class End(NamedTuple):
    """The last frame of an epoch that was taken in."""

    number: int
    hash: bytes


class Behind(NamedTuple):
    """``cursor``: what the backup had copied, as :mod:`collecting` keeps it; ``ends``: by epoch; ``shown``: guardians
    whose vault is known."""

    cursor: bytes
    ends: dict[bytes, End]
    shown: frozenset[bytes] = frozenset()


def mark(tx: Tx, member: bytes, now: int, *, guarded: bool) -> None:
    """The member was put back from a backup: nothing of it is safe before enough guardians were heard again.

    ``guarded``: it has guardians now, whatever the backup says.
    """
    row = tx.guarding.get(member)
    if row is None:
        if not guarded:
            return
        row = GuardedRow(member)  # the backup is older than the first copies
        tx.guarding.put(row)
    before = load(tx, member) or Behind(row.cursor, {})
    save(tx, member, before._replace(shown=frozenset()))
    tx.meta.set_int(_RESTORED + member.hex(), now)
    tx.meta.delete(_TOLD + member.hex())
    tx.guarding.put_acks([GuardAckRow(member, ack.guardian) for ack in tx.guarding.acks_of(member)])


def load(tx: Tx, member: bytes) -> Behind | None:
    """The record, or None if the member is not behind."""
    stored = tx.meta.get(_PREFIX + member.hex())
    if stored is None:
        return None
    found = canon.decode(stored, max_bytes=_MAX_BYTES)
    raw = (
        [*found, []] if isinstance(found, list) and len(found) == 3 else found
    )  # as it was before vaults were asked for
    raw = shape.record(raw, _TAG, 4)
    ends = {}
    for item in shape.array(raw[2], "ends", 10_000):
        epoch, number, hashed = shape.exactly(item, "ends", 3)
        ends[epoch] = End(shape.integer(number, "ends.number", 0, MAX_SEQ), shape.hash32(hashed, "ends.hash"))
    shown = frozenset(shape.hash32(item, "shown") for item in shape.array(raw[3], "shown", MAX_GUARDIANS))
    return Behind(shape.binary(raw[1], "cursor", _MAX_BYTES), ends, shown)


def save(tx: Tx, member: bytes, row: Behind) -> None:
    """Set it."""
    ends = [(epoch, *end) for epoch, end in sorted(row.ends.items())]
    tx.meta.set(_PREFIX + member.hex(), canon.encode((_TAG, row.cursor, ends, sorted(row.shown))))


def lacks_files(tx: Tx, member: bytes, now: int) -> bool:
    """Was the member put back from a backup so lately that attachments which are not here may have been lost?"""
    then = tx.meta.get_int(_RESTORED + member.hex())
    return bool(then) and now - then < FILES_US


def knows_vault(tx: Tx, log: ControlLog) -> bool:
    """Is the newest vault known, as far as r guardians can tell?"""
    row, chosen = load(tx, log.member), log.standing.guardians
    if row is None or chosen is None:
        return True
    return len(row.shown & {keys.node_id(key) for key in chosen.keys}) >= chosen.r


def clear(tx: Tx, member: bytes) -> None:
    """Enough guardians were heard."""
    tx.meta.delete(_PREFIX + member.hex())


def known(row: Behind) -> dict[bytes, bytes]:
    """Digests of rows as the backup had them, or as a copy that was taken in since has them."""
    return dict(collecting.decode(row.cursor).state)
