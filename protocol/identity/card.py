"""A member's public card: what others may know of it, signed by its current epoch key.

Owns the record ``["yui/card/1", network, member, epoch, version, name, kana, corporate number, registration number,
industry, area, description, words, endpoint, time]``, travelling as ``["yui/card-signed/1", record, signature]``.
``industry`` is a JSIC code, ``area`` a 全国地方公共団体コード, ``endpoint`` a Peppol participant ``scheme:id`` or
empty. No personal data. Source: ``docs/protocol.md`` §9.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS
from protocol.errors import Malformed
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_CARD_BYTES, MAX_NAME_CHARS

TAG = "yui/card/1"
SIGNED_TAG = "yui/card-signed/1"


class Card(NamedTuple):
    """``version`` grows with every change; a higher one replaces a lower one."""

    network: str
    member: bytes
    epoch: bytes
    version: int
    name: str
    kana: str
    corporate_number: str
    registration_number: str
    industry: str
    area: str
    description: str
    words: tuple[str, ...]
    endpoint: str
    time: int


def sign(key: SigningKey, card: Card) -> bytes:
    """The signed bytes that travel."""
    record = canon.encode((TAG, *card))
    signed = canon.encode((SIGNED_TAG, record, key.sign(Purpose.CARD, canon.digest(record))))
    parse(signed)
    return signed


def parse(data: bytes) -> Card:
    """The card in signed bytes; its signature is checked by :func:`verify`, once the epoch is known."""
    return _read(data)[0]


def verify(data: bytes, public: bytes) -> Card:
    """The card, if the epoch key ``public`` signed it."""
    card, record, signature = _read(data)
    keys.verify(public, Purpose.CARD, canon.digest(record), signature)
    return card


def _read(data: bytes) -> tuple[Card, bytes, bytes]:
    outer = shape.record(canon.decode(data, max_bytes=MAX_CARD_BYTES), SIGNED_TAG, 3)
    record = shape.binary(outer[1], "record", MAX_CARD_BYTES)
    raw = shape.record(canon.decode(record), TAG, 15)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    card = Card(
        network=raw[1],
        member=shape.hash32(raw[2], "member"),
        epoch=shape.hash32(raw[3], "epoch"),
        version=shape.integer(raw[4], "version", 1, 2**53 - 1),
        name=shape.text(raw[5], "name", MAX_NAME_CHARS, empty=False),
        kana=shape.text(raw[6], "kana", MAX_NAME_CHARS),
        corporate_number=shape.text(raw[7], "corporate_number", 13),
        registration_number=shape.text(raw[8], "registration_number", 14),
        industry=shape.text(raw[9], "industry", 8),
        area=shape.text(raw[10], "area", 6),
        description=shape.text(raw[11], "description", 1_000),
        words=tuple(shape.text(item, "words", 40) for item in shape.array(raw[12], "words", 50)),
        endpoint=shape.text(raw[13], "endpoint", 100),
        time=shape.time_us(raw[14], "time"),
    )
    return card, record, shape.fixed(outer[2], "signature", 64)
