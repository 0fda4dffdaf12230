"""The directory: members' public cards, made here and learned from peers, and the search over them.

Owns publishing, deltas and bounds. A card counts only under an epoch key of its member that stands, and only from
that member's home; what one peer can fill is bounded.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import jaconv
import msgspec

from node.services import members
from node.services.house import House
from node.store import CardRow, Tx
from protocol.errors import CallerFault, Malformed, NotAuthorised, PeerFault, YuiError
from protocol.identity import card as cards
from protocol.identity.card import Card
from protocol.limits import MAX_BATCH_BYTES, MAX_CARDS_PER_DELTA, MAX_CARDS_PER_PEER, MAX_SEARCH_CHARS
from protocol.link import delta as deltas
from protocol.link.delta import Entry
from protocol.process import checks


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a member lets others know. ``industry``: JSIC; ``area``: 全国地方公共団体コード; ``endpoint``: scheme:id."""

    name: str
    kana: str = ""
    corporate_number: str = ""
    registration_number: str = ""
    industry: str = ""
    area: str = ""
    description: str = ""
    words: tuple[str, ...] = ()
    endpoint: str = ""


class Learned(NamedTuple):
    """What a delta brought: cards taken, entries refused, where to ask from next, whether there is more."""

    taken: int
    refused: int
    until: int
    more: bool


def publish(house: House, tx: Tx, member: bytes, profile: Profile) -> Card:
    """Sign and store a member's card. CallerFault names the field that is wrong."""
    house.require_signing()
    members.require_local(tx, member)
    _check(profile)
    epoch = members.require_log(house, tx, member).epoch
    before = tx.cards.get(member)
    values = msgspec.structs.asdict(profile)
    card = Card(
        network=house.network,
        member=member,
        epoch=epoch.hash,
        version=max(before.version + 1 if before else 1, house.clock()),  # stays ahead after a restore
        time=house.clock(),
        **values,
    )
    try:
        wire = cards.sign(house.keyring[epoch.hash], card)
    except Malformed as fault:
        raise CallerFault("profile", str(fault)) from None
    tx.cards.put_many([_row(card, house.id, wire)])
    return card


def _check(profile: Profile) -> None:
    if not profile.name.strip():
        raise CallerFault("name", "must not be empty")
    if profile.corporate_number and not checks.is_corporate_number(profile.corporate_number):
        raise CallerFault("corporate_number", "13 digits of which the first is the check digit")
    if profile.registration_number and not checks.is_registration_number(profile.registration_number):
        raise CallerFault("registration_number", "T and 13 digits")


def delta(house: House, tx: Tx, since: int) -> bytes:
    """Our members' cards that changed after ``since``: what a peer asks for."""
    entries: list[Entry] = []
    size, until, more = 0, since, False
    while True:
        rows = tx.cards.changed_since(until, MAX_CARDS_PER_DELTA)
        for row in rows:
            if row.node == house.id:
                entry = Entry(row.wire, members.history(house, tx, row.member))
                size += len(entry.card) + len(entry.history) + 16
                if entries and (size > MAX_BATCH_BYTES or len(entries) >= MAX_CARDS_PER_DELTA):
                    return deltas.encode(house.network, since, until, True, entries)
                entries.append(entry)
            until = row.change
        if len(rows) < MAX_CARDS_PER_DELTA:
            return deltas.encode(house.network, since, until, more, entries)


def asked_since(tx: Tx, peer: bytes) -> int:
    """Up to which change of ``peer``'s directory we have been told."""
    return tx.meta.get_int(f"directory/{peer.hex()}")


def learn(house: House, tx: Tx, peer: bytes, data: bytes) -> Learned:
    """Take a delta from ``peer``: every entry for itself; a bad one is counted and left out."""
    found = deltas.parse(data)
    since = asked_since(tx, peer)
    if found.network != house.network:
        raise NotAuthorised("the delta belongs to another network")
    if found.since != since or found.until < since:
        raise Malformed("the delta does not begin where it was asked to")
    taken = sum(_take(house, tx, peer, entry) for entry in found.entries)
    tx.meta.set_int(f"directory/{peer.hex()}", found.until)
    return Learned(taken, len(found.entries) - taken, found.until, found.more)


def _take(house: House, tx: Tx, peer: bytes, entry: Entry) -> bool:
    try:
        log = members.learn_history(house, tx, entry.history)
        epoch = log.epoch_named(cards.parse(entry.card).epoch)
        if epoch is None:
            return False
        card = cards.verify(entry.card, epoch.signing_key)
    except PeerFault:
        return False
    known = tx.cards.get(card.member)
    right = card.member == log.member and card.network == house.network
    if not right or log.epoch.home != peer or (known is not None and known.version > card.version):
        return False
    if known is None and tx.cards.count(peer) >= MAX_CARDS_PER_PEER:
        return False
    tx.cards.put_many([_row(card, peer, entry.card)])
    row = tx.members.get(card.member)
    if row is not None and row.name != card.name:
        tx.members.put(row._replace(name=card.name))
    return True


def _row(card: Card, node: bytes, wire: bytes) -> CardRow:
    said = (card.name, card.kana, card.corporate_number, card.description, *card.words)
    return CardRow(
        card.member,
        card.version,
        node,
        card.name,
        card.kana,
        card.corporate_number,
        card.industry,
        card.area,
        folded("\n".join(said)),
        card.time,
        0,
        wire,
    )


def folded(text: str) -> str:
    """Text as the directory compares it: width, case and kana do not matter."""
    return jaconv.kata2hira(unicodedata.normalize("NFKC", text)).lower()


def find(
    tx: Tx, text: str = "", *, corporate_number: str = "", industry: str = "", area: str = "", limit: int = 50
) -> list[CardRow]:
    """Cards by words, corporate number, industry and area (codes by their beginning).

    Latin letters with which nothing is found are read as kana: who cannot type Japanese finds わらしべ as warashibe.
    """
    if len(text) > MAX_SEARCH_CHARS:
        raise CallerFault("q", f"at most {MAX_SEARCH_CHARS} characters")
    most = max(1, min(limit, 200))
    found: list[CardRow] = []
    for asked in dict.fromkeys((folded(text), read_as_kana(text))):
        found = found or tx.cards.find(
            asked, corporate_number=corporate_number, industry=industry, area=area, limit=most
        )
    return found


def read_as_kana(text: str) -> str:
    """Rōmaji as hiragana; folded text as it is where it has anything else in it than Latin letters and spaces."""
    said = folded(text)
    if not said.isascii() or not said.replace(" ", "").isalpha():
        return said
    return str(jaconv.alphabet2kana(said.replace(" ", "")))


def said(row: CardRow) -> str:
    """What a firm says of itself beside its name and numbers, as it wrote it: reading, goods, description."""
    try:
        card = cards.parse(row.wire)
    except YuiError:
        return row.kana
    return "、".join(filter(None, (card.kana, *card.words, card.description)))


def card_of(tx: Tx, member: bytes) -> Card | None:
    """The card of a member, if it is known here."""
    row = tx.cards.get(member)
    try:
        return cards.parse(row.wire) if row is not None else None
    except YuiError:
        return None
