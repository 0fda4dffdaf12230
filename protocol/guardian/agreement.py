"""The agreement between two associations under which one keeps copies for the other: signed by both nodes.

Owns ``["yui/custody/1", network, home, guardian, terms…]``. Without one in force a home hands nothing over and a
guardian takes nothing. What it says is what the law on personal information asks of entrustment (place of storage,
subcontracting, audit, erasure at the end). Source: ``docs/protocol.md`` §15.1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS, NONCE_BYTES
from protocol.errors import Malformed
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_INT, MAX_NAME_CHARS, MAX_WARDS_PER_HOME

TAG: Final = "yui/custody/1"
SIGNED_TAG: Final = "yui/custody-signed/1"
MAX_BYTES: Final = 4096
MAX_ERASURE_DAYS: Final = 3650
MAX_PLACES: Final = 16


class Terms(NamedTuple):
    """What the guardian promises.

    ``entity``: its operator's 法人番号 (13 digits) or, abroad, another registered number: guardians of one member count
    once per entity. ``places``: ISO 3166-1 countries of storage. ``ward_bytes``: room for each member. ``erase_days``:
    after the end everything is gone within so many days. ``until`` 0: until somebody ends it.
    """

    entity: str
    name: str
    places: tuple[str, ...]
    subcontracting: bool
    audit: bool
    erase_days: int
    wards: int
    ward_bytes: int
    since: int
    until: int


class Agreement(NamedTuple):
    """One agreement; the one with the higher ``version`` replaces the other. ``hash`` is of its record."""

    network: str
    home_key: bytes
    guardian_key: bytes
    version: int
    nonce: bytes
    terms: Terms
    record: bytes = b""
    hash: bytes = b""


def draft(agreement: Agreement) -> Agreement:
    """The agreement with its record and hash."""
    fields = (*agreement[:5], tuple(agreement.terms))
    return parse_record(canon.encode((TAG, *fields)))


def sign(key: SigningKey, agreement: Agreement) -> bytes:
    """One side's 64-byte signature."""
    if key.public not in (agreement.home_key, agreement.guardian_key):
        raise Malformed("custody: signed by neither side")
    return key.sign(Purpose.CUSTODY, agreement.hash)


def encode(agreement: Agreement, home: bytes, guardian: bytes) -> bytes:
    """The bytes that travel; a signature is empty until its side has agreed."""
    return canon.encode((SIGNED_TAG, agreement.record, home, guardian))


def parse(data: bytes) -> tuple[Agreement, bytes, bytes]:
    """Agreement and the two signatures, each verified or empty."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BYTES), SIGNED_TAG, 4)
    found = parse_record(shape.binary(raw[1], "record", MAX_BYTES))
    for public, signature in ((found.home_key, raw[2]), (found.guardian_key, raw[3])):
        if signature != b"":
            keys.verify(public, Purpose.CUSTODY, found.hash, shape.fixed(signature, "signature", keys.SIGNATURE_BYTES))
    return found, raw[2], raw[3]


def is_in_force(agreement: Agreement, home: bytes, guardian: bytes, now: int) -> bool:
    """Both have signed and its time has not ended."""
    return bool(home and guardian) and (not agreement.terms.until or now < agreement.terms.until)


def parse_record(data: bytes) -> Agreement:
    """An agreement from its record."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BYTES), TAG, 7)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    home, guardian = (keys.require_valid_public(shape.fixed(raw[at], "custody.keys", 32)) for at in (2, 3))
    if home == guardian:
        raise Malformed("custody: nobody is its own guardian")
    return Agreement(
        raw[1],
        home,
        guardian,
        shape.integer(raw[4], "version", 1, MAX_INT),
        shape.fixed(raw[5], "nonce", NONCE_BYTES),
        _terms(raw[6]),
        data,
        canon.digest(data),
    )


def _terms(value: object) -> Terms:
    raw = shape.exactly(value, "terms", 10)
    places = tuple(shape.text(item, "terms.places", 2) for item in shape.array(raw[2], "terms.places", MAX_PLACES))
    if (
        not places
        or list(places) != sorted(set(places))
        or not all(item.isalpha() and item.isupper() for item in places)
    ):
        raise Malformed("terms.places: country codes such as JP, ascending, at least one")
    return Terms(
        entity=shape.text(raw[0], "terms.entity", 40, empty=False),
        name=shape.text(raw[1], "terms.name", MAX_NAME_CHARS, empty=False),
        places=places,
        subcontracting=shape.flag(raw[3], "terms.subcontracting"),
        audit=shape.flag(raw[4], "terms.audit"),
        erase_days=shape.integer(raw[5], "terms.erase_days", 1, MAX_ERASURE_DAYS),
        wards=shape.integer(raw[6], "terms.wards", 1, MAX_WARDS_PER_HOME),
        ward_bytes=shape.integer(raw[7], "terms.ward_bytes", 1, MAX_INT),
        since=shape.time_us(raw[8], "terms.since"),
        until=shape.time_us(raw[9], "terms.until"),
    )
