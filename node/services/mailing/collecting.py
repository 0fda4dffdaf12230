"""Collecting mail that waited elsewhere: opened with the member's box or the node's key, entered like every batch.

Owns the boxes of our members, which parcels are new, and when their keepers may delete them: once the copies of what
they brought are safe. What came is judged by :mod:`node.services.exchange`, and its receipt stands in the stream to the
sender. Source: ``docs/protocol.md`` §15.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from node.services import carrying, exchange, outbox
from node.services.carrying import Opened
from node.services.exchange import Reception, Taken
from node.services.guarding import framing, vaulting
from node.services.house import House
from node.store import TakenRow, Tx
from protocol import canon, vault
from protocol.errors import Malformed, Misdirected, NotFound
from protocol.guardian import mail
from protocol.guardian.mail import Box, Label, Listed
from protocol.limits import MAX_MAIL_DONE, MAX_MAIL_LIFETIME_US
from protocol.link import batch as batches
from protocol.link.batch import INCARNATION_BYTES, ItemKind
from protocol.link.carried import Content

NO_STREAM: Final = bytes(INCARNATION_BYTES)
OTHER_BYTES: Final = "other-bytes"


class Collected(NamedTuple):
    """What one parcel or piece brought: peers with new outgoing items, and whether it was new."""

    news: frozenset[bytes]
    fresh: bool


def boxes(house: House, tx: Tx) -> dict[bytes, tuple[bytes, tuple[bytes, ...]]]:
    """By member with guardians: its signed box, and the node ids of its guardians."""
    found = {}
    for row in tx.guarding.all():
        log = framing.guarded_log(house, tx, row.member)
        key = house.keyring.get(log.epoch.hash) if log is not None else None
        if log is None or key is None or not row.vault:
            continue
        name = vault.read(row.vault).keys[-1].name
        if tx.wrapped_keys.get(vaulting.PURPOSE, name) is None:
            continue  # it is on its way: a member that is just coming
        public = mail.box_key(vaulting.open_key(house, tx, name)).public
        wire = mail.sign_box(key, Box(house.network, row.member, log.epoch.hash, name, public))
        found[row.member] = (wire, tuple(framing.guardians_of(log)))
    return found


def new_among(tx: Tx, listed: Sequence[Listed]) -> list[Listed]:
    """What was not collected before."""
    known = tx.mail.taken(item.id for item in listed)
    return [item for item in listed if item.id not in known]


def done_among(house: House, tx: Tx, ids: Iterable[bytes]) -> list[bytes]:
    """Of these, what was entered here and is safe as far as it can be: its keeper may delete it."""
    found = []
    for row in tx.mail.taken(ids).values():
        safe = house.guarded.get(row.member) if row.member else None
        if safe is None or safe.holdings >= row.holdings:
            found.append(row.id)
    return found[:MAX_MAIL_DONE]


def take(house: House, tx: Tx, listed: Listed, wire: bytes) -> Collected:
    """Enter what a keeper gave. The caller commits. PeerFault if it is not what was listed, or not to be believed."""
    if canon.digest(wire) != listed.id:
        raise Malformed("mail: not the bytes that were listed", code=OTHER_BYTES)
    if tx.mail.taken((listed.id,)):
        return Collected(frozenset(), fresh=False)
    return _take_parcel(house, tx, listed.id, wire) if mail.is_parcel(wire) else _take_piece(house, tx, listed.id, wire)


def _take_parcel(house: House, tx: Tx, name: bytes, wire: bytes) -> Collected:
    label, inside = _open(house, tx, wire)
    row = exchange.require_peer(tx, label.sender)
    house.require_signing()
    batch = batches.verify(inside, row.key)
    if batch.network != house.network or batch.receiver != label.receiver or batch.incarnation != NO_STREAM:
        raise Misdirected("the batch in a parcel is to the member on it, and of no stream")
    reception = Reception(house, tx, label.sender, row)
    reception.take(batch)
    taken = Taken(NO_STREAM, 0, tuple(reception.leaves), frozenset(reception.news))
    outbox.enqueue(tx, label.sender, ItemKind.RECEIPT, exchange.receipt(house, label.sender, taken))
    newest = tx.holdings.before(label.receiver, 1)
    _note(house, tx, name, label.receiver, newest[0].position if newest else 0)
    return Collected(frozenset({*reception.news, label.sender}), fresh=True)


def _open(house: House, tx: Tx, wire: bytes) -> tuple[Label, bytes]:
    label = mail.read_label(wire)
    member = tx.members.get(label.receiver)
    if label.network != house.network or member is None or not member.local:
        raise Misdirected("parcel: its member is not at home here")
    if tx.wrapped_keys.get(vaulting.PURPOSE, label.box) is None:
        raise NotFound("box", "the key of this parcel's box is not here")
    return mail.open_parcel(wire, mail.box_key(vaulting.open_key(house, tx, label.box)))


def _take_piece(house: House, tx: Tx, name: bytes, wire: bytes) -> Collected:
    opened: Opened = carrying.open_piece(house.network, house.node, house.id, wire)
    if opened.load.content is not Content.BATCH:
        raise Malformed("mail: only batches are relayed")
    entered = carrying.take_batch(house, tx, opened)
    if not entered.gap:  # what came before it may still be on its way
        _note(house, tx, name, b"", 0)
    return Collected(entered.news, fresh=not entered.repeated)


def _note(house: House, tx: Tx, name: bytes, member: bytes, holdings: int) -> None:
    now = house.clock()
    tx.mail.put_taken(TakenRow(name, member, holdings, now, now + MAX_MAIL_LIFETIME_US))


def reject(house: House, tx: Tx, name: bytes) -> None:
    """What was listed can never be entered (not sealed to us, or not what it says): its keeper may delete it."""
    _note(house, tx, name, b"", 0)
