"""How a simulated node or coordinator lies: what becomes of a message that it sends.

Owns the lies; which one is told, and what must hold all the same, is the world's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from node.sim.dice import Dice
from protocol import canon
from protocol.keys import SigningKey
from protocol.limits import MAX_STATS_OPENING_BYTES
from protocol.statistics import messages, signed
from protocol.statistics.lanes import WORD_BYTES

# (key of the sender, body, dice) -> what is sent instead. ``body`` has the tag for which the lie stands below.
Lie = Callable[[SigningKey, bytes, Dice], Sequence[bytes]]


def kind_of(body: bytes) -> str:
    """The tag of what a message says, inside its envelope if it has one."""
    tag = messages.tag_of(body)
    return messages.tag_of(signed.parse(body, MAX_STATS_OPENING_BYTES).record) if tag == signed.TAG else tag


def _again(key: SigningKey, body: bytes, at: int, value: object) -> bytes:
    """The same record with another field, and a good signature."""
    tag, *fields = canon.decode(signed.parse(body).record, max_bytes=10**7)
    fields[at] = value
    return signed.sign(key, tag, fields)


def _twice(key: SigningKey, body: bytes, dice: Dice) -> Sequence[bytes]:
    words = messages.parse_answer(signed.parse(body).record).words
    return body, _again(key, body, 2, dice.take(len(words)))


def _short(key: SigningKey, body: bytes, _dice: Dice) -> Sequence[bytes]:
    return (_again(key, body, 2, bytes(WORD_BYTES)),) if len(body) > 300 else (_again(key, body, 2, b""),)


def _elsewhere(key: SigningKey, body: bytes, dice: Dice) -> Sequence[bytes]:
    return (_again(key, body, 0, dice.take(32)),)


def _false_shares(_key: SigningKey, body: bytes, dice: Dice) -> Sequence[bytes]:
    made = messages.parse_release(body)
    shares = tuple((number, bytes(1) + dice.take(31)) for number, _ in made.shares)
    return (messages.encode(messages.RELEASE_TAG, made._replace(shares=shares)),)


def _noise(_key: SigningKey, _body: bytes, dice: Dice) -> Sequence[bytes]:
    return (dice.take(dice.between(0, 40)),)


NODE_LIES: Final[Sequence[tuple[str, str, Lie]]] = (
    ("answers twice", messages.ANSWER_TAG, _twice),
    ("answers with another length", messages.ANSWER_TAG, _short),
    ("answers another setting", messages.ANSWER_TAG, _elsewhere),
    ("commits itself to another question", messages.COMMITMENT_TAG, _elsewhere),
    ("releases false shares", messages.RELEASE_TAG, _false_shares),
    ("deals noise", messages.DEALING_TAG, _noise),
)


def _other_list(_key: SigningKey, body: bytes, dice: Dice) -> Sequence[bytes]:
    """Somebody who answered is said to be gone, or somebody who did not is said to be there."""
    made = messages.parse_answered(body)
    nodes = bytearray(made.nodes)
    nodes[0] ^= 1 << dice.between(0, 6)
    return (messages.encode(messages.ANSWERED_TAG, made._replace(nodes=bytes(nodes))),)


def _two_lists(key: SigningKey, body: bytes, dice: Dice) -> Sequence[bytes]:
    return body, *_other_list(key, body, dice)


def _false_counts(_key: SigningKey, body: bytes, dice: Dice) -> Sequence[bytes]:
    made = messages.parse_counted(body)
    counts = messages.parse_counts(made.counts)
    words = bytearray(counts.words)
    for _ in range(20):
        words[2 * dice.between(0, len(words) // 2 - 1)] = dice.between(1, 9)
    forged = messages.encode(messages.COUNTS_TAG, counts._replace(words=bytes(words)))
    return (messages.encode(messages.COUNTED_TAG, made._replace(counts=forged)),)


def _few_friends(_key: SigningKey, body: bytes, dice: Dice) -> Sequence[bytes]:
    made = messages.parse_handed(body)
    nodes = bytearray(made.dealers)
    nodes[0] &= dice.between(0, 255) & dice.between(0, 255)
    return (messages.encode(messages.HANDED_TAG, made._replace(dealers=bytes(nodes))),)


COORDINATOR_LIES: Final[Sequence[tuple[str, str, Lie]]] = (
    ("another list", messages.ANSWERED_TAG, _other_list),
    ("two lists", messages.ANSWERED_TAG, _two_lists),
    ("false counts", messages.COUNTED_TAG, _false_counts),
    ("few friends", messages.HANDED_TAG, _few_friends),
)
