"""What a node holds of offers: from signed bytes to rows and back, what is searched, how much room there is.

Owns the bounds of :mod:`protocol.limits` and the rule who gives way; what an offer says is decided in ``protocol``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec

from node import prefectures
from node.services.house import House
from node.store import Tx
from node.store.offers import OfferRow, PeerRow
from protocol.limits import (
    MAX_OFFER_BYTES_OF_PEERS,
    MAX_OFFER_BYTES_PER_PEER,
    MAX_OFFERS_PER_MEMBER,
    MAX_OFFERS_PER_PEER,
)
from protocol.offer import signed
from protocol.offer.fitting import Facts
from protocol.offer.kinds import KINDS
from protocol.offer.signed import Offer, Read, Scope

ALWAYS: Final = 3_652_059  # the last day of the calendar
FORGOTTEN_AT_ONCE: Final = 500
FULL: Final = "full"
OVERHEAD_BYTES: Final = 600  # of a row beside its signed bytes: words, index


def day(text: str, empty: int) -> int:
    """Days since year 1."""
    return datetime.date.fromisoformat(text).toordinal() if text else empty


def tag(*parts: str) -> str:
    """A filter as one token of the search: letters and digits that no text gives."""
    return "xq" + "".join(part.replace("_", "") for part in parts).lower()


def row_of(house: House, tx: Tx, node: bytes, read: Read, data: bytes) -> OfferRow:
    """The row of an offer that is taken; position and change are given when it is put."""
    said = read.said
    assert isinstance(said, Offer)
    known = tx.offers.get(read.series)
    shown = said.scope is not Scope.NAMED or house.id in said.nodes
    return OfferRow(
        position=0,
        series=read.series,
        id=read.id,
        revision=said.revision,
        member=said.member,
        node=node,
        kind=said.kind,
        side=said.side,
        prefecture=said.area[:2],
        starts=day(said.starts, 0),
        ends=day(said.ends, ALWAYS),
        expires=said.expires,
        until=max(said.expires, known.until if known is not None else 0),
        withdrawn=False,
        shown=shown,
        scope=said.scope.value,
        nodes=b"".join(said.nodes),
        change=0,
        arrived=house.clock(),
        words=_words(tx, said) if shown else "",
        wire=data,
    )


def _words(tx: Tx, said: Offer) -> str:
    """Tags on the first line, then everything a person might type."""
    tags = [tag("k", said.kind), tag("s", said.side), tag("m", said.member.hex())]
    if said.area:
        tags += [tag("p", said.area[:2]), tag("a", said.area[:5])]
    tags += [tag("i", said.industry[:length]) for length in range(1, len(said.industry) + 1)]
    card = tx.cards.get(said.member)
    place = prefectures.PREFECTURES.get(said.area[:2])
    texts = [said.title, said.text, card.name if card is not None else "", card.kana if card is not None else ""]
    gate = KINDS[said.kind].gate
    if gate:
        tags.append(tag("g", gate, said.details[gate]))
    texts += [place.name] if place is not None else []
    return "\n".join([" ".join(tags), *texts, *_texts(said.details.values())])


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value


@lru_cache(maxsize=512)
def read(wire: bytes) -> Read:
    """What was taken, read again."""
    return signed.parse(wire)


def said(row: OfferRow) -> Offer:
    """The offer of a row that is not withdrawn."""
    found = read(row.wire).said
    assert isinstance(found, Offer)
    return found


def facts(row: OfferRow) -> Facts:
    """What of a row is compared. Its bytes were checked when they were taken: here they are only unpacked."""
    raw = msgspec.msgpack.decode(msgspec.msgpack.decode(row.wire)[1])
    return Facts(raw[6], raw[7], raw[10], raw[12], raw[14], raw[15], raw[17])


def scope_of(row: OfferRow) -> tuple[Scope, tuple[bytes, ...]]:
    """Who may know of a series, withdrawn or not."""
    return Scope(row.scope), tuple(row.nodes[at : at + 32] for at in range(0, len(row.nodes), 32))


def room_for_member(tx: Tx, member: bytes, now: int) -> bool:
    """Whether one more series of a member is taken."""
    return tx.offers.count_of_member(member, now) < MAX_OFFERS_PER_MEMBER


def weight(row: OfferRow) -> int:
    """Bytes that a series counts."""
    return len(row.wire) + OVERHEAD_BYTES


def make_room(tx: Tx, node: bytes, amount: int, *, new: bool) -> bool:
    """Room for ``amount`` more bytes of a peer; whether there is. Above the whole, who holds most gives way."""
    at = tx.offers.peer(node)
    if at.bytes + amount > MAX_OFFER_BYTES_PER_PEER or (new and at.series >= MAX_OFFERS_PER_PEER):
        return False
    while tx.offers.bytes_of_peers() + amount > MAX_OFFER_BYTES_OF_PEERS:
        largest = tx.offers.largest_peer()
        if largest is None or largest.node == node or largest.bytes <= at.bytes + amount:
            return False
        gone = tx.offers.first_to_expire(largest.node)
        if gone is None:
            return False
        _forget(tx, gone, largest)
    return True


def release(house: House, tx: Tx, row: OfferRow) -> None:
    """A series leaves, or is replaced: whoever told it has its room again."""
    if row.node != house.id:
        at = tx.offers.peer(row.node)
        tx.offers.put_peer(at._replace(series=max(0, at.series - 1), bytes=max(0, at.bytes - weight(row))))


def _forget(tx: Tx, row: OfferRow, peer: PeerRow) -> None:
    tx.offers.forget_fits(row.series)
    tx.offers.delete(row)
    tx.offers.put_peer(peer._replace(series=max(0, peer.series - 1), bytes=max(0, peer.bytes - weight(row))))


def forget_over(house: House, tx: Tx) -> int:
    """Forget some of what is over; how many."""
    rows = tx.offers.over(house.clock(), FORGOTTEN_AT_ONCE)
    for row in rows:
        release(house, tx, row)
        tx.offers.forget_fits(row.series)
        tx.offers.delete(row)
    return len(rows)


def forget_strangers(tx: Tx) -> int:
    """Forget some of what was told by peers that are peers no more; how many."""
    accepted = {peer.node for peer in tx.peers.all("accepted")}
    return sum(forget_peer(tx, row.node) for row in tx.offers.peers() if row.series and row.node not in accepted)


def ask_again(tx: Tx) -> None:
    """Peers of whom something was left out for want of room are asked from the beginning once there is room again."""
    for row in tx.offers.peers():
        free = 10 * row.bytes < 9 * MAX_OFFER_BYTES_PER_PEER and row.series < MAX_OFFERS_PER_PEER
        if row.reason == FULL and free and 10 * tx.offers.bytes_of_peers() < 9 * MAX_OFFER_BYTES_OF_PEERS:
            tx.offers.put_peer(row._replace(cursor=0, reason=""))


def forget_peer(tx: Tx, node: bytes) -> int:
    """Forget some of what a peer told that is a peer no more; how many."""
    gone = 0
    at = tx.offers.peer(node)
    while gone < FORGOTTEN_AT_ONCE:
        row = tx.offers.first_to_expire(node)
        if row is None:
            tx.offers.put_peer(PeerRow(node, 0, 0, 0, 0, at.refused, at.reason))
            break
        _forget(tx, row, tx.offers.peer(node))
        gone += 1
    return gone
