"""How offers travel: deltas that a peer asks for, and what is taken of those that a peer tells.

Owns who is told what (a scope is kept here, at the home, and nowhere else) and every reason to leave an entry out. One
bad entry never stops the others; what is left out for want of room does not come again by itself.
Source: ``docs/protocol.md`` §20.4, §20.5.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from node.services import members
from node.services.house import House
from node.services.offers import fits, holding
from node.store import Tx
from node.store.offers import OfferRow
from protocol.errors import Malformed, NotAuthorised, PeerFault
from protocol.identity.log import ControlLog
from protocol.limits import MAX_BATCH_BYTES, MAX_OFFER_LIFETIME_US, MAX_OFFERS_PER_DELTA
from protocol.offer import delta as deltas
from protocol.offer import signed
from protocol.offer.signed import Offer, Read, Scope, Withdrawal

PATH: Final = "/peer/v1/offers"
SKEW_US: Final = 24 * 3600 * 1_000_000  # a clock may be so far behind the author's


class Learned(NamedTuple):
    """Entries taken, reasons of those refused, where to ask from next, whether there is more."""

    taken: int
    refused: dict[str, int]
    until: int
    more: bool


class Refused(Exception):
    """An entry is left out; the argument says why, for the staff's page."""


def delta(house: House, tx: Tx, peer: bytes, since: int) -> bytes:
    """What of our members' offers changed after ``since`` and is for ``peer``."""
    histories: dict[bytes, bytes] = {}
    entries: list[bytes] = []
    size, until = 0, since
    while True:
        rows = tx.offers.changed(house.id, until, MAX_OFFERS_PER_DELTA)
        for row in rows:
            if _is_for(house, tx, row, peer):
                more = len(row.wire) + (0 if row.member in histories else len(_history(house, tx, row)))
                if entries and (size + more > MAX_BATCH_BYTES or len(entries) >= MAX_OFFERS_PER_DELTA):
                    return deltas.encode(house.network, since, until, True, list(histories.values()), entries)
                size += more
                histories.setdefault(row.member, _history(house, tx, row))
                entries.append(row.wire)
            until = row.change
        if len(rows) < MAX_OFFERS_PER_DELTA:
            return deltas.encode(house.network, since, until, False, list(histories.values()), entries)


def _history(house: House, tx: Tx, row: OfferRow) -> bytes:
    return members.history(house, tx, row.member)


def _is_for(house: House, tx: Tx, row: OfferRow, peer: bytes) -> bool:
    if row.until <= house.clock() or not is_named(row, peer):
        return False
    member = tx.members.get(row.member)
    return member is not None and member.local and not member.suspended


def is_named(row: OfferRow, peer: bytes) -> bool:
    """Whether the scope of a series of ours lets ``peer`` know of it. A withdrawal goes where the offer went."""
    scope, nodes = holding.scope_of(row)
    return scope is Scope.FEDERATION or (scope is Scope.NAMED and peer in nodes)


def asked_since(tx: Tx, peer: bytes) -> int:
    """Up to which change of ``peer``'s offers we have been told."""
    return tx.offers.peer(peer).cursor


def learn(house: House, tx: Tx, peer: bytes, data: bytes) -> Learned:
    """Take a delta from ``peer``: every entry for itself."""
    found = deltas.parse(data)
    at = tx.offers.peer(peer)
    if found.network != house.network:
        raise NotAuthorised("the delta belongs to another network")
    if found.since != at.cursor or found.until < at.cursor:
        raise Malformed("the delta does not begin where it was asked to")
    logs = _logs(house, tx, found.histories)
    refused: Counter[str] = Counter()
    for entry in found.entries:
        try:
            _take(house, tx, peer, logs, entry)
        except (Refused, PeerFault) as fault:
            refused[fault.args[0] if isinstance(fault, Refused) else fault.code] += 1
    at = tx.offers.peer(peer)
    reason = max(refused, key=lambda name: (refused[name], name)) if refused else at.reason
    tx.offers.put_peer(
        at._replace(cursor=found.until, told=house.clock(), refused=at.refused + refused.total(), reason=reason)
    )
    return Learned(len(found.entries) - refused.total(), dict(refused), found.until, found.more)


def _logs(house: House, tx: Tx, histories: tuple[bytes, ...]) -> dict[bytes, ControlLog]:
    found: dict[bytes, ControlLog] = {}
    for history in histories:
        try:
            log = members.learn_history(house, tx, history)
        except PeerFault:
            continue  # entries of this author are left out below
        found[log.member] = log
    return found


def _take(house: House, tx: Tx, peer: bytes, logs: dict[bytes, ControlLog], entry: bytes) -> None:
    read = signed.parse(entry)
    said = read.said
    log = logs.get(said.member)
    epoch = log.epoch_named(said.epoch) if log is not None else None
    if log is None or epoch is None:
        raise Refused("unknown-epoch")
    signed.verify(read, epoch.signing_key)
    if said.network != house.network:
        raise Refused("other-network")
    if log.epoch.home != peer or peer == house.id:
        raise Refused("other-home")
    known = tx.offers.get(read.series)
    if known is not None and known.member != said.member:
        raise Refused("other-member")
    if known is not None and known.id == read.id:
        return  # told again
    if known is not None and known.withdrawn:
        raise Refused("withdrawn")
    if isinstance(said, Withdrawal):
        _take_withdrawal(house, tx, peer, read, said, entry, known)
    else:
        _take_offer(house, tx, peer, read, said, entry, known)


def _take_offer(
    house: House, tx: Tx, peer: bytes, read: Read, said: Offer, entry: bytes, known: OfferRow | None
) -> None:
    now = house.clock()
    if said.scope is Scope.MEMBERS or (said.scope is Scope.NAMED and house.id not in said.nodes):
        raise Refused("not-for-us")
    if said.expires <= now:
        raise Refused("expired")
    if said.expires > now + MAX_OFFER_LIFETIME_US + SKEW_US:
        raise Refused("too-long")
    if known is not None:
        before = holding.said(known)
        if said.revision <= before.revision:
            raise Refused("older")
        if (said.kind, said.side, said.scope, said.nodes) != (before.kind, before.side, before.scope, before.nodes):
            raise Refused("changed-kind")
    _put(house, tx, peer, holding.row_of(house, tx, peer, read, entry), known)


def _take_withdrawal(
    house: House, tx: Tx, peer: bytes, read: Read, said: Withdrawal, entry: bytes, known: OfferRow | None
) -> None:
    now = house.clock()
    if max(said.until, known.until if known is not None else 0) <= now:
        raise Refused("expired")
    if said.until > now + MAX_OFFER_LIFETIME_US + SKEW_US:
        raise Refused("too-long")
    until = max(said.until, known.until if known is not None else 0)
    base = known or OfferRow(
        position=0,
        series=read.series,
        id=read.id,
        revision=0,
        member=said.member,
        node=peer,
        kind="",
        side="",
        prefecture="",
        starts=0,
        ends=0,
        expires=until,
        until=until,
        withdrawn=True,
        shown=False,
        scope=Scope.MEMBERS.value,
        nodes=b"",
        change=0,
        arrived=now,
        words="",
        wire=b"",
    )
    gone = base._replace(id=read.id, node=peer, withdrawn=True, shown=False, until=until, words="", wire=entry)
    _put(house, tx, peer, gone, known)


def _put(house: House, tx: Tx, peer: bytes, row: OfferRow, known: OfferRow | None) -> None:
    """Put a row of ``peer``'s within its room, and look what it fits."""
    if known is None and not holding.room_for_member(tx, row.member, house.clock()):
        raise Refused("member-full")
    theirs = known is not None and known.node == peer
    freed = holding.weight(known) if known is not None and theirs else 0
    amount = holding.weight(row) - freed
    if amount > 0 and not holding.make_room(tx, peer, amount, new=not theirs):
        raise Refused(holding.FULL)
    known = tx.offers.get(row.series)
    if known is not None:
        holding.release(house, tx, known)
    at = tx.offers.peer(peer)
    tx.offers.put_peer(at._replace(series=at.series + 1, bytes=at.bytes + holding.weight(row)))
    tx.offers.forget_fits(row.series)
    placed = tx.offers.put(row)
    if not placed.withdrawn and placed.shown:
        fits.met(house, tx, placed)
