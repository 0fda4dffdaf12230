"""Keeping sealed mail for others: as a guardian for its wards, as a relay for other nodes. It can read none of it.

Owns who may leave what, how much and for how long, and who may collect it. What is said after the commit is signed by
the caller. Source: ``docs/protocol.md`` §15.7.
"""

from __future__ import annotations

from node.services import members, warding
from node.services.exchange import require_peer
from node.services.house import House
from node.services.mailing import rules
from node.services.mailing.rules import MEMBER, NODE
from node.store import KeptLabel, KeptRow, Tx
from protocol import canon
from protocol.errors import Misdirected, NotAuthorised, NotFound, PeerFault, TooLarge
from protocol.guardian import mail
from protocol.guardian.mail import Ask, BoxAnswer, Listed, Waiting
from protocol.limits import (
    MAX_MAIL_BYTES_PER_SENDER,
    MAX_MAIL_BYTES_PER_WARD,
    MAX_MAIL_LIFETIME_US,
    MAX_MAIL_LISTED,
    MAX_MAIL_PER_SENDER,
)
from protocol.link import carried


def tell_box(house: House, tx: Tx, peer: bytes, body: bytes) -> bytes:
    """A ward's box and history, for whoever has mail for it. NotFound for a member that is no ward."""
    require_peer(tx, peer)
    member = mail.parse_whose(body)
    if tx.wards.get(member) is None:
        raise NotFound("member", "no such ward")
    return mail.encode_answer(BoxAnswer(tx.mail.box(member) or b"", members.history(house, tx, member)))


def leave(house: House, tx: Tx, peer: bytes, wire: bytes) -> bytes:
    """Keep a parcel or a piece; its id. One that is here is acknowledged again."""
    require_peer(tx, peer)
    now = house.clock()
    row = _parcel(house, tx, peer, wire, now) if mail.is_parcel(wire) else _piece(house, tx, peer, wire, now)
    if row.id in tx.mail.kept((row.id,)):
        return row.id
    if row.expires <= now:
        raise PeerFault("expires: is over", code="expired")
    mine = tx.mail.room(row.kind, row.receiver, peer)
    if mine.size + row.size > MAX_MAIL_BYTES_PER_SENDER or mine.things >= MAX_MAIL_PER_SENDER:
        raise TooLarge("mail: as much as this node may leave here for one receiver", code="quota")
    _require_room(tx, row)
    tx.mail.keep(row)
    return row.id


def _require_room(tx: Tx, row: KeptRow) -> None:
    if row.kind == MEMBER:
        if tx.mail.room(MEMBER, row.receiver).size + row.size > MAX_MAIL_BYTES_PER_WARD:
            raise TooLarge("mail: this ward's room is full", code="quota")
    elif tx.mail.room(NODE).size + row.size > rules.relay(tx).room:
        raise TooLarge("relay: the room for others is full", code="quota")


def _parcel(house: House, tx: Tx, peer: bytes, wire: bytes, now: int) -> KeptRow:
    label = mail.read_label(wire)
    if label.network != house.network or label.sender != peer:
        raise Misdirected("parcel: of another network or sender")
    ward = tx.wards.get(label.receiver)
    if ward is None:
        raise NotFound("member", "no such ward")
    log = members.find_log(house, tx, label.receiver)
    chosen = log.standing.guardians if log is not None else None
    if chosen is None or house.node.public not in chosen.keys:
        raise NotAuthorised("this node is not a guardian of that member", code="not-a-guardian")
    if warding.in_force(tx, ward.home, warding.GUARDIAN, now) is None and ward.home != house.id:
        raise NotAuthorised("custody: no agreement is in force", code="no-agreement")
    until = min(label.expires, now + MAX_MAIL_LIFETIME_US)
    return KeptRow(canon.digest(wire), MEMBER, label.receiver, peer, len(wire), now, until, wire)


def _piece(house: House, tx: Tx, peer: bytes, wire: bytes, now: int) -> KeptRow:
    label = carried.read_label(wire)
    if label.network != house.network or label.sender != peer:
        raise Misdirected("carried piece: of another network or sender")
    policy = rules.relay(tx)
    if not policy.room:
        raise NotAuthorised("this node carries nothing for others", code="no-relay")
    if label.receiver == house.id:
        raise Misdirected("carried piece: give what is for this node to its link")
    require_peer(tx, label.receiver)
    return KeptRow(canon.digest(wire), NODE, label.receiver, peer, len(wire), now, now + policy.keep, wire)


def take_done(house: House, tx: Tx, peer: bytes, message: Ask) -> None:
    """Note the boxes of the caller's members, and delete what it has entered for good."""
    _require_caller(house, tx, peer)
    now = house.clock()
    for wire in message.boxes:
        _take_box(house, tx, peer, wire, now)
    mine = [row.id for row in tx.mail.kept(message.done).values() if _is_for(house, tx, peer, row.kind, row.receiver)]
    tx.mail.delete(mine)


def _take_box(house: House, tx: Tx, peer: bytes, wire: bytes, now: int) -> None:
    claimed = mail.claimed_box(wire)
    if tx.wards.get(claimed.member) is None:
        return  # not (yet) a ward: its frames come first
    log = members.find_log(house, tx, claimed.member)
    epoch = log.epoch_named(claimed.epoch) if log is not None else None
    if epoch is None or not _is_for(house, tx, peer, MEMBER, claimed.member):
        return  # its history comes with the next frame
    mail.verify_box(wire, epoch)
    if claimed.network != house.network:
        raise Misdirected("box: of another network")
    if tx.mail.box(claimed.member) != wire:
        tx.mail.put_box(claimed.member, wire, now)


def waiting(house: House, tx: Tx, peer: bytes) -> Waiting:
    """What lies here for the caller: pieces for it, and parcels for members at home there."""
    _require_caller(house, tx, peer)
    now = house.clock()
    found = tx.mail.kept_for(NODE, peer, MAX_MAIL_LISTED + 1)
    for member in tx.mail.receivers(MEMBER):
        if len(found) <= MAX_MAIL_LISTED and _is_for(house, tx, peer, MEMBER, member):
            found += tx.mail.kept_for(MEMBER, member, MAX_MAIL_LISTED + 1)
    listed = [Listed(row.receiver, row.id, row.size) for row in found if row.expires > now]
    relays = bool(rules.relay(tx).room)
    return Waiting(relays, tuple(listed[:MAX_MAIL_LISTED]), len(listed) > MAX_MAIL_LISTED)


def fetch(house: House, tx: Tx, peer: bytes, body: bytes) -> bytes:
    """The bytes of one of them. NotFound if it is not here or not the caller's."""
    _require_caller(house, tx, peer)
    name = mail.parse_fetch(body)
    row = tx.mail.kept((name,)).get(name)
    if row is None or not _is_for(house, tx, peer, row.kind, row.receiver):
        raise NotFound("id", "no such mail for this node")
    return row.wire


def _require_caller(house: House, tx: Tx, peer: bytes) -> None:
    """A peer, or this node itself: a member may have come back at one of its guardians."""
    if peer != house.id:
        require_peer(tx, peer)


def _is_for(house: House, tx: Tx, peer: bytes, kind: str, receiver: bytes) -> bool:
    if kind == NODE:
        return receiver == peer
    log = members.find_log(house, tx, receiver)
    return log is not None and log.standing.epoch is not None and log.epoch.home == peer


def tidy(house: House, tx: Tx) -> int:
    """Delete what was not collected in time; how many things."""
    return tx.mail.expire(house.clock())


def by_ward(tx: Tx) -> dict[bytes, list[KeptLabel]]:
    """For people: what waits for each ward."""
    found: dict[bytes, list[KeptLabel]] = {}
    for row in tx.mail.kept_all():
        if row.kind == MEMBER:
            found.setdefault(row.receiver, []).append(row)
    return found
