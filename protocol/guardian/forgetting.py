"""A guardian forgets vaults: what it is asked, its signed word, and the vaults that it has only set aside.

Owns these messages. What a home has sealed again under a new vault key, nobody shall open with the old one: the home
leaves the old key out of the vault, and guardians keep the vault before for the time of an undo, no longer. Source:
``docs/protocol.md`` §15.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol import canon, keys, shape, vault
from protocol.errors import Malformed
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_CONTROL_RECORDS, MAX_RECORD_BYTES

FORGET: Final = "/peer/v1/guard/forget"  # body: Forget; answer: forgotten
SET_ASIDE: Final = "/peer/v1/guard/set-aside"  # body: SetAside; answer: vaults
PATHS: Final = (FORGET, SET_ASIDE)
MAX_ASIDE: Final = 16  # vaults that are set aside for one member
_FORGET_TAG: Final = "yui/guard-forget/1"
_ASIDE_TAG: Final = "yui/guard-set-aside/1"
_VAULTS_TAG: Final = "yui/guard-vaults/1"
FORGOTTEN_TAG: Final = "yui/forgotten/1"
FORGOTTEN_SIGNED_TAG: Final = "yui/forgotten-signed/1"


class Forget(NamedTuple):
    """Every vault of ``member`` before ``version``."""

    member: bytes
    version: int


class SetAside(NamedTuple):
    """Vaults of ``member`` that are set aside, for the claimant whose ``fence`` was promised."""

    fence: bytes
    member: bytes


class Forgotten(NamedTuple):
    """A guardian's word. ``until``: 0, it has no vault of the member before ``version``; else they are set aside."""

    network: str
    guardian: bytes
    home: bytes
    time: int
    member: bytes
    version: int
    until: int


def encode_forget(message: Forget) -> bytes:
    """The body."""
    return canon.encode((_FORGET_TAG, *message))


def parse_forget(data: bytes) -> Forget:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _FORGET_TAG, 3)
    return Forget(shape.hash32(raw[1], "member"), shape.integer(raw[2], "version", 1, MAX_CONTROL_RECORDS))


def encode_set_aside(message: SetAside) -> bytes:
    """The body."""
    return canon.encode((_ASIDE_TAG, *message))


def parse_set_aside(data: bytes) -> SetAside:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _ASIDE_TAG, 3)
    return SetAside(shape.hash32(raw[1], "fence"), shape.hash32(raw[2], "member"))


def encode_vaults(wires: Sequence[bytes]) -> bytes:
    """The answer: signed vaults, the newest first, as many as fit."""
    found: list[bytes] = []
    for wire in wires[:MAX_ASIDE]:
        if sum(map(len, found)) + len(wire) > vault.MAX_VAULT_BYTES:
            break
        found.append(wire)
    return canon.encode((_VAULTS_TAG, found))


def parse_vaults(data: bytes) -> tuple[bytes, ...]:
    """Signed vaults; whose they are, their signatures say."""
    raw = shape.record(canon.decode(data, max_bytes=2 * vault.MAX_VAULT_BYTES), _VAULTS_TAG, 2)
    return tuple(
        shape.binary(item, "vaults", vault.MAX_VAULT_BYTES) for item in shape.array(raw[1], "vaults", MAX_ASIDE)
    )


def sign_forgotten(key: SigningKey, network: str, home: bytes, time: int, asked: Forget, until: int) -> bytes:
    """The bytes of a guardian's word. Only after its own durable commit."""
    record = canon.encode((FORGOTTEN_TAG, network, keys.node_id(key.public), home, time, *asked, until))
    return canon.encode((FORGOTTEN_SIGNED_TAG, record, key.sign(Purpose.FORGOTTEN, canon.digest(record))))


def verify_forgotten(data: bytes, public: bytes, network: str, home: bytes, asked: Forget) -> Forgotten:
    """The word, if the node key ``public`` gave it to ``home`` about what was ``asked``."""
    outer = shape.record(canon.decode(data), FORGOTTEN_SIGNED_TAG, 3)
    record = shape.binary(outer[1], "record", MAX_RECORD_BYTES)
    signature = shape.fixed(outer[2], "signature", keys.SIGNATURE_BYTES)
    keys.verify(public, Purpose.FORGOTTEN, canon.digest(record), signature)
    raw = shape.record(canon.decode(record), FORGOTTEN_TAG, 8)
    found = Forgotten(
        shape.text(raw[1], "network", 8),
        shape.hash32(raw[2], "guardian"),
        shape.hash32(raw[3], "home"),
        shape.time_us(raw[4], "time"),
        shape.hash32(raw[5], "member"),
        shape.integer(raw[6], "version", 1, MAX_CONTROL_RECORDS),
        shape.time_us(raw[7], "until"),
    )
    expected = (network, keys.node_id(public), home, asked.member, asked.version)
    if (found.network, found.guardian, found.home, found.member, found.version) != expected:
        raise Malformed("forgotten: of another network, guardian, home, member or vault")
    return found
