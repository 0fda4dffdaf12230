"""What coordinator and nodes say to each other in the rounds of one question: shapes, limits, hashes.

Owns these records; what follows what is ``federation/answering.py`` and ``coordinating.py``. Numbers of nodes are
places in the roster, sets of nodes are bitmaps (number 0 is the lowest bit of the first byte).
Source: ``docs/protocol.md`` §18.3–18.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from protocol import canon, shape
from protocol.errors import Malformed
from protocol.limits import (
    MAX_STATS_CELLS,
    MAX_STATS_MESSAGE_BYTES,
    MAX_STATS_NODES,
    MAX_STATS_OPENING_BYTES,
    MIN_STATS_NODES,
    STATS_CHECKERS,
    STATS_COMPLETE,
)
from protocol.statistics.shamir import SECRET_BYTES, SHARE_BYTES

COMMITMENT_TAG: Final = "yui/stats-commitment/1"
ROSTER_TAG: Final = "yui/stats-roster/1"
REVEAL_TAG: Final = "yui/stats-reveal/1"
BEACON_TAG: Final = "yui/stats-beacon/1"
DEALING_TAG: Final = "yui/stats-dealing/1"
HANDED_TAG: Final = "yui/stats-handed/1"
SETTING_TAG: Final = "yui/stats-setting/1"
ANSWER_TAG: Final = "yui/stats-answer/1"
ANSWERED_TAG: Final = "yui/stats-answered/1"
SIGNATURES_TAG: Final = "yui/stats-signatures/1"
RELEASE_TAG: Final = "yui/stats-release/1"
OPENING_TAG: Final = "yui/stats-opening/1"
COUNTS_TAG: Final = "yui/stats-counts/1"
CHECKED_TAG: Final = "yui/stats-checked/1"
COUNTED_TAG: Final = "yui/stats-counted/1"
RESULT_TAG: Final = "yui/stats-result/1"
CLOSED_TAG: Final = "yui/stats-closed/1"

STEPS: Final = (1, 2)
SECRETS: Final = 4  # shared by each node: the seeds of its two round keys, then of its two own masks
DIGEST_BYTES: Final = 16
ENTRY_BYTES: Final = 7 * 32 + 64
PACKET_BYTES: Final = SECRETS * SHARE_BYTES + 16
MAX_SIGNED_BYTES: Final = 1024
T = TypeVar("T")


class Commitment(NamedTuple):
    """A node is ready to answer: its X25519 keys (channel; one for each step), the hashes of the seeds of its own
    masks, and the hash of its part of the beacon. Signed by the node."""

    question: bytes
    channel: bytes
    round_keys: tuple[bytes, ...]
    seeds: tuple[bytes, ...]
    nonce: bytes


class Roster(NamedTuple):
    """Everybody who is ready, ascending by node key: 288 bytes each (:mod:`protocol.statistics.roster`)."""

    question: bytes
    entries: bytes


class Reveal(NamedTuple):
    """A node's part of the beacon."""

    roster: bytes
    nonce: bytes


class Beacon(NamedTuple):
    """The parts that came, of ``nodes``, ascending; who sent none takes no part."""

    roster: bytes
    nodes: bytes
    nonces: bytes


class Dealing(NamedTuple):
    """A node's shares for its neighbours, ascending, each sealed to its holder, and hashes of every share. Signed."""

    beacon: bytes
    digests: bytes
    packets: bytes


class Handed(NamedTuple):
    """Who has dealt, and the shares that lie in this mail: (dealer, digests, packet), ascending."""

    beacon: bytes
    dealers: bytes
    packets: tuple[tuple[int, bytes, bytes], ...]


class Answer(NamedTuple):
    """A node's masked words in one step. Signed."""

    setting: bytes
    step: int
    words: bytes


class Answered(NamedTuple):
    """Whose answers are summed in a step. Each of them signs it, once."""

    setting: bytes
    step: int
    nodes: bytes


class Signatures(NamedTuple):
    """What neighbours have signed of it."""

    setting: bytes
    step: int
    signatures: tuple[tuple[int, bytes], ...]


class Release(NamedTuple):
    """What opens the sum: the own mask's seed, and of each neighbour *one* share: of its mask's seed if it is on the
    list, of its round key's seed if it is not."""

    setting: bytes
    step: int
    seed: bytes
    shares: tuple[tuple[int, bytes], ...]


class Opening(NamedTuple):
    """Everything from which a checker computes the counts again. ``own``: seeds of those on the list, ascending;
    ``gone``: round-key seeds of those that are not, ascending."""

    answered: bytes
    answers: tuple[bytes, ...]
    own: bytes
    gone: bytes


class Counts(NamedTuple):
    """The opened words of step 1."""

    answered: bytes
    words: bytes


class Counted(NamedTuple):
    """The counts' record, and the checkers' signed words on it."""

    counts: bytes
    checked: tuple[tuple[int, bytes], ...]


class Result(NamedTuple):
    """What was opened: (number of the cell, sum). Signed by the coordinator."""

    question: bytes
    answered: bytes
    counts: bytes
    sums: tuple[tuple[int, int], ...]


class Closed(NamedTuple):
    """The question ends without a result."""

    question: bytes
    reason: str


def encode(tag: str, message: Sequence[Any]) -> bytes:
    """The bytes of an unsigned message."""
    return canon.encode((tag, *message))


def tag_of(data: bytes) -> str:
    """What kind of message this is, without reading it: the text that stands first."""
    if len(data) < 2 or not 0x92 <= data[0] <= 0x9F or not 0xA0 <= data[1] <= 0xBF:
        raise Malformed("not a message of a question")
    return data[2 : 2 + (data[1] & 0x1F)].decode("ascii", "replace")


def _list(value: Any, name: str, limit: int, of: Callable[[Any], T]) -> tuple[T, ...]:
    return tuple(of(item) for item in shape.array(value, name, limit))


def _hash(name: str) -> Callable[[Any], bytes]:
    return lambda value: shape.hash32(value, name)


def _step(value: Any) -> int:
    return shape.integer(value, "step", 1, 2)


def _many(value: Any, name: str, each: int) -> bytes:
    data = shape.binary(value, name, STATS_COMPLETE * each)
    if len(data) % each:
        raise Malformed(f"{name}: must be a multiple of {each} bytes")
    return data


def _numbered(value: Any, name: str, length: int | None, most: int) -> tuple[tuple[int, bytes], ...]:
    found = []
    for item in shape.array(value, name, most):
        number, data = shape.exactly(item, name, 2)
        number = shape.integer(number, name, 0, MAX_STATS_NODES - 1)
        data = shape.binary(data, name, MAX_SIGNED_BYTES) if length is None else shape.fixed(data, name, length)
        found.append((number, data))
    _require_ascending([number for number, _ in found], name)
    return tuple(found)


def _require_ascending(numbers: Sequence[int], name: str) -> None:
    if list(numbers) != sorted(set(numbers)):
        raise Malformed(f"{name}: ascending, none twice")


def _packet(value: Any) -> tuple[int, bytes, bytes]:
    number, digests, packet = shape.exactly(value, "packets", 3)
    return (
        shape.integer(number, "packets", 0, MAX_STATS_NODES - 1),
        shape.fixed(digests, "packets.digests", SECRETS * DIGEST_BYTES),
        shape.fixed(packet, "packets.packet", PACKET_BYTES),
    )


def _sum(value: Any) -> tuple[int, int]:
    number, total = shape.exactly(value, "sums", 2)
    return (
        shape.integer(number, "sums.cell", 0, MAX_STATS_CELLS - 1),
        shape.integer(total, "sums.sum", -(2**63), 2**63 - 1),
    )


def parse_commitment(record: bytes) -> Commitment:
    """The commitment of a record."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_SIGNED_BYTES), COMMITMENT_TAG, 6)
    pairs = [[shape.hash32(item, name) for item in shape.exactly(raw[at], name, 2)] for at, name in _PAIRS]
    return Commitment(
        shape.hash32(raw[1], "question"),
        shape.fixed(raw[2], "channel", 32),
        tuple(pairs[0]),
        tuple(pairs[1]),
        shape.hash32(raw[5], "nonce"),
    )


_PAIRS: Final = ((3, "round_keys"), (4, "seeds"))


def parse_roster(data: bytes) -> Roster:
    """A roster of at least four."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), ROSTER_TAG, 3)
    entries = shape.binary(raw[2], "entries", MAX_STATS_NODES * ENTRY_BYTES)
    if len(entries) % ENTRY_BYTES or len(entries) < MIN_STATS_NODES * ENTRY_BYTES:
        raise Malformed(f"entries: {ENTRY_BYTES} bytes for each of at least {MIN_STATS_NODES} nodes")
    return Roster(shape.hash32(raw[1], "question"), entries)


def parse_reveal(data: bytes) -> Reveal:
    """A part of the beacon."""
    raw = shape.record(canon.decode(data), REVEAL_TAG, 3)
    return Reveal(shape.hash32(raw[1], "roster"), shape.hash32(raw[2], "nonce"))


def parse_beacon(data: bytes) -> Beacon:
    """All parts."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), BEACON_TAG, 4)
    return Beacon(shape.hash32(raw[1], "roster"), _bitmap(raw[2]), shape.binary(raw[3], "nonces", MAX_STATS_NODES * 32))


def parse_dealing(record: bytes) -> Dealing:
    """Shares."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_STATS_MESSAGE_BYTES), DEALING_TAG, 4)
    digests, packets = _many(raw[2], "digests", SECRETS * DIGEST_BYTES), _many(raw[3], "packets", PACKET_BYTES)
    if len(digests) // (SECRETS * DIGEST_BYTES) != len(packets) // PACKET_BYTES:
        raise Malformed("packets: as many as digests")
    return Dealing(shape.hash32(raw[1], "beacon"), digests, packets)


def parse_handed(data: bytes) -> Handed:
    """Shares that came."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), HANDED_TAG, 4)
    packets = _list(raw[3], "packets", STATS_COMPLETE, _packet)
    _require_ascending([number for number, _, _ in packets], "packets")
    return Handed(shape.hash32(raw[1], "beacon"), _bitmap(raw[2]), packets)


def parse_answer(record: bytes) -> Answer:
    """Masked words."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_STATS_MESSAGE_BYTES), ANSWER_TAG, 4)
    words = shape.binary(raw[3], "words", MAX_STATS_MESSAGE_BYTES)
    return Answer(shape.hash32(raw[1], "setting"), _step(raw[2]), words)


def parse_answered(data: bytes) -> Answered:
    """A list of answerers."""
    raw = shape.record(canon.decode(data), ANSWERED_TAG, 4)
    return Answered(shape.hash32(raw[1], "setting"), _step(raw[2]), _bitmap(raw[3]))


def parse_signatures(data: bytes) -> Signatures:
    """Signatures of neighbours."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), SIGNATURES_TAG, 4)
    return Signatures(
        shape.hash32(raw[1], "setting"), _step(raw[2]), _numbered(raw[3], "signatures", 64, STATS_COMPLETE)
    )


def parse_release(data: bytes) -> Release:
    """Shares that open."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), RELEASE_TAG, 5)
    return Release(
        shape.hash32(raw[1], "setting"),
        _step(raw[2]),
        shape.fixed(raw[3], "seed", SECRET_BYTES),
        _numbered(raw[4], "shares", SHARE_BYTES, STATS_COMPLETE),
    )


def parse_opening(data: bytes) -> Opening:
    """What a checker adds up."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_OPENING_BYTES), OPENING_TAG, 5)
    answers = _list(
        raw[2], "answers", MAX_STATS_NODES, lambda item: shape.binary(item, "answers", MAX_STATS_MESSAGE_BYTES)
    )
    own, gone = (shape.binary(item, "seeds", MAX_STATS_NODES * SECRET_BYTES) for item in raw[3:])
    return Opening(shape.binary(raw[1], "answered", MAX_SIGNED_BYTES), answers, own, gone)


def parse_counts(data: bytes) -> Counts:
    """Opened counts."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), COUNTS_TAG, 3)
    return Counts(shape.hash32(raw[1], "answered"), shape.binary(raw[2], "words", MAX_STATS_MESSAGE_BYTES))


def parse_checked(record: bytes) -> bytes:
    """The hash of the counts that a checker has computed too."""
    raw = shape.record(canon.decode(record), CHECKED_TAG, 2)
    return shape.hash32(raw[1], "counts")


def parse_counted(data: bytes) -> Counted:
    """Counts with the checkers' words."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), COUNTED_TAG, 3)
    counts = shape.binary(raw[1], "counts", MAX_STATS_MESSAGE_BYTES)
    return Counted(counts, _numbered(raw[2], "checked", None, STATS_CHECKERS))


def parse_result(record: bytes) -> Result:
    """Opened sums."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_STATS_MESSAGE_BYTES), RESULT_TAG, 5)
    hashes = [shape.hash32(raw[at], name) for at, name in ((1, "question"), (2, "answered"), (3, "counts"))]
    sums = _list(raw[4], "sums", MAX_STATS_CELLS, _sum)
    _require_ascending([cell for cell, _ in sums], "sums")
    return Result(hashes[0], hashes[1], hashes[2], sums)


def parse_closed(data: bytes) -> Closed:
    """An end without a result."""
    raw = shape.record(canon.decode(data), CLOSED_TAG, 3)
    return Closed(shape.hash32(raw[1], "question"), shape.text(raw[2], "reason", 200))


def _bitmap(value: Any) -> bytes:
    return shape.binary(value, "nodes", MAX_STATS_NODES // 8)


def bitmap(numbers: Iterable[int], size: int) -> bytes:
    """The bitmap of ``numbers`` in a roster of ``size``."""
    found = bytearray((size + 7) // 8)
    for number in numbers:
        found[number // 8] |= 1 << number % 8
    return bytes(found)


def numbers_of(data: bytes, size: int) -> tuple[int, ...]:
    """The numbers in a bitmap, ascending; Malformed if it is not of a roster of ``size``."""
    found = tuple(at * 8 + bit for at, byte in enumerate(data) for bit in range(8) if byte >> bit & 1)
    if len(data) != (size + 7) // 8 or (found and found[-1] >= size):
        raise Malformed("nodes: not a bitmap of this roster")
    return found


def setting_of(beacon: bytes, dealers: bytes) -> bytes:
    """The hash that everything of both steps names: question, roster, beacon and who has dealt."""
    return canon.digest(canon.encode((SETTING_TAG, beacon, dealers)))


def digests_of(shares: Sequence[bytes], beacon: bytes, dealer: int, holder: int) -> bytes:
    """The hashes of a holder's four shares of one dealer, 16 bytes each."""
    about = beacon + dealer.to_bytes(2, "big") + holder.to_bytes(2, "big")
    return b"".join(
        canon.digest(b"yui/stats-share/1\0" + about + bytes((at,)) + share)[:DIGEST_BYTES]
        for at, share in enumerate(shares)
    )


def by_number(pairs: Iterable[tuple[int, bytes]]) -> Mapping[int, bytes]:
    """Numbered things as a mapping."""
    return dict(pairs)
