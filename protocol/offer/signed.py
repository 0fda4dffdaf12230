"""The signed records of an offer: the offer itself with its revisions, and its withdrawal.

Owns the records ``yui/offer/1`` and ``yui/offer-withdrawal/1``, both travelling as ``["yui/offer-signed/1", record,
signature]``, signed by the key of the member's epoch. H(record) is an offer's id; the id of its first revision names
the *series*, to which later revisions and the withdrawal speak. Knows no clock: whether an offer has expired is asked
where one is. Source: ``docs/protocol.md`` §20.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS
from protocol.keys import Purpose, SigningKey
from protocol.limits import (
    MAX_OFFER_BYTES,
    MAX_OFFER_LIFETIME_US,
    MAX_OFFER_NODES,
    MAX_OFFER_REVISION,
    MAX_OFFER_TEXT_CHARS,
    MAX_OFFER_TITLE_CHARS,
)
from protocol.offer import fields, kinds
from protocol.offer.fields import unfit
from protocol.process import checks

TAG: Final = "yui/offer/1"
WITHDRAWAL_TAG: Final = "yui/offer-withdrawal/1"
SIGNED_TAG: Final = "yui/offer-signed/1"
NONCE_BYTES: Final = 16


class Scope(Enum):
    """Who may know of it: members of the same association, nodes that are named, or every peer of the home."""

    MEMBERS = "members"
    NAMED = "named"
    FEDERATION = "federation"


class Offer(NamedTuple):
    """``first``: id of revision 0, empty in it. ``nodes``: ids, ascending, only with the scope *named*. ``starts``,
    ``ends``: days for which it holds, empty where the kind needs none. ``expires``: until when it is shown, µs UTC."""

    network: str
    member: bytes
    epoch: bytes
    first: bytes
    revision: int
    kind: str
    side: str
    scope: Scope
    nodes: tuple[bytes, ...]
    title: str
    text: str
    area: str
    industry: str
    starts: str
    ends: str
    expires: int
    details: dict[str, Any]
    nonce: bytes
    time: int


class Withdrawal(NamedTuple):
    """Ends the series ``first`` for good. ``until``: latest expiry of its revisions: until then it is remembered."""

    network: str
    member: bytes
    epoch: bytes
    first: bytes
    until: int
    time: int


class Read(NamedTuple):
    """What signed bytes say before :func:`verify`; ``id``: H(record)."""

    said: Offer | Withdrawal
    record: bytes
    signature: bytes
    id: bytes

    @property
    def series(self) -> bytes:
        """Id of the first revision."""
        return self.said.first or self.id


def sign(key: SigningKey, said: Offer | Withdrawal) -> bytes:
    """The signed bytes that travel; read back as on receipt."""
    record = canon.encode(_plain(said))
    data = canon.encode((SIGNED_TAG, record, key.sign(Purpose.OFFER, canon.digest(record))))
    parse(data)
    return data


def check(said: Offer) -> None:
    """Malformed or TooLarge, as on receipt, if a reader would refuse it."""
    _offer(canon.decode(canon.encode(_plain(said))))


def _plain(said: Offer | Withdrawal) -> tuple[Any, ...]:
    if isinstance(said, Withdrawal):
        return (WITHDRAWAL_TAG, *said)
    details = {name: said.details[name] for name in sorted(said.details)}
    return (TAG, *said[:7], said.scope.value, *said[8:16], details, *said[17:])


def parse(data: bytes) -> Read:
    """The record in signed bytes; the signature is looked at by :func:`verify`, once the epoch is known."""
    outer = shape.record(canon.decode(data, max_bytes=MAX_OFFER_BYTES), SIGNED_TAG, 3)
    record = shape.binary(outer[1], "record", MAX_OFFER_BYTES)
    signature = shape.fixed(outer[2], "signature", keys.SIGNATURE_BYTES)
    raw = canon.decode(record)
    said = _withdrawal(raw) if type(raw) is list and raw[:1] == [WITHDRAWAL_TAG] else _offer(raw)
    return Read(said, record, signature, canon.digest(record))


def verify(found: Read, public: bytes) -> Read:
    """The same, if the epoch key ``public`` signed it; BadSignature otherwise."""
    keys.verify(public, Purpose.OFFER, found.id, found.signature)
    return found


def _withdrawal(value: Any) -> Withdrawal:
    raw = shape.record(value, WITHDRAWAL_TAG, 7)
    return Withdrawal(
        _network(raw[1]),
        shape.hash32(raw[2], "member"),
        shape.hash32(raw[3], "epoch"),
        shape.hash32(raw[4], "first"),
        shape.time_us(raw[5], "until"),
        shape.time_us(raw[6], "time"),
    )


def _offer(value: Any) -> Offer:
    raw = shape.record(value, TAG, 20)
    scope, nodes = _scope(raw[8], raw[9])
    details = kinds.read(raw[6], raw[7], raw[17])
    kind = kinds.KINDS[raw[6]]
    first, revision = shape.hash_or_empty(raw[4], "first"), shape.integer(raw[5], "revision", 0, MAX_OFFER_REVISION)
    if bool(first) != bool(revision):
        raise unfit("revision", "0 without a first one, above 0 with it")
    starts, ends = _days(raw[14], raw[15], kind)
    expires, time = shape.time_us(raw[16], "expires"), shape.time_us(raw[19], "time")
    if not 0 < expires - time <= MAX_OFFER_LIFETIME_US:
        raise unfit("expires", f"later than its time, by at most {MAX_OFFER_LIFETIME_US // 86_400_000_000} days")
    return Offer(
        _network(raw[1]),
        shape.hash32(raw[2], "member"),
        shape.hash32(raw[3], "epoch"),
        first,
        revision,
        raw[6],
        raw[7],
        scope,
        nodes,
        _said(raw[10], "title", MAX_OFFER_TITLE_CHARS, empty=False),
        _said(raw[11], "text", MAX_OFFER_TEXT_CHARS, empty=True),
        _area(raw[12], kind),
        _industry(raw[13]),
        starts,
        ends,
        expires,
        details,
        shape.fixed(raw[18], "nonce", NONCE_BYTES),
        time,
    )


def _network(value: Any) -> str:
    if value not in NETWORKS:
        raise unfit("network", "must be live or test")
    return str(value)


def _scope(value: Any, given: Any) -> tuple[Scope, tuple[bytes, ...]]:
    try:
        scope = Scope(value)
    except ValueError:
        raise unfit("scope", "members, named or federation") from None
    nodes = tuple(shape.hash32(item, "nodes") for item in shape.array(given, "nodes", MAX_OFFER_NODES))
    if list(nodes) != sorted({*nodes}):
        raise unfit("nodes", "ascending, none twice")
    if bool(nodes) != (scope is Scope.NAMED):
        raise unfit("nodes", "at least one with the scope named, none with another")
    return scope, nodes


def _said(value: Any, name: str, most: int, *, empty: bool) -> str:
    text = shape.text(value, name, most, empty=empty)
    if (not empty and not text.strip()) or not fields.is_plain(text):
        raise unfit(name, f"text without control characters{'' if empty else ', not empty'}")
    return text


def _area(value: Any, kind: kinds.Kind) -> str:
    text = shape.text(value, "area", 6)
    if text and not kind.placed:
        raise unfit("area", f"{kind.name} has none")
    if text and not fields.is_area(text):
        raise unfit("area", "a code of a prefecture (2 digits) or municipality (5 or 6)")
    return text


def _industry(value: Any) -> str:
    text = shape.text(value, "industry", 8)
    if text and not fields.is_industry(text):
        raise unfit("industry", "a code of JSIC")
    return text


def _days(starts: Any, ends: Any, kind: kinds.Kind) -> tuple[str, str]:
    for name, value in (("starts", starts), ("ends", ends)):
        text = shape.text(value, name, 10)
        if text and not checks.is_date(text):
            raise unfit(name, "a day of the calendar, YYYY-MM-DD")
        if not text and kind.dated:
            raise unfit(name, f"needed in {kind.name}")
    if starts and ends and ends < starts:
        raise unfit("ends", "not before it starts")
    return starts, ends
