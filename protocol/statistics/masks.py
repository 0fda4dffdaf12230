"""What hides a node's words: a mask with each neighbour that cancels in the sum, and one of its own.

Owns the derivation of streams from secrets. Keys and secrets are arguments. Source: Bonawitz et al., "Practical Secure
Aggregation" (CCS 2017); Bell et al., SecAgg+ (CCS 2020) for the neighbours; ``docs/protocol.md`` §18.5.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple

from protocol import sealing
from protocol.keys import AgreementKey
from protocol.statistics.lanes import WORD_BYTES, Sum
from protocol.statistics.shamir import SECRET_BYTES


class Pair(NamedTuple):
    """What two neighbours share in one step. ``before``: this node's number is the lower one."""

    shared: bytes
    before: bool


def round_key(seed: bytes) -> AgreementKey:
    """The X25519 key of a 31-byte seed: the seed is what is shared out, not the key."""
    if len(seed) != SECRET_BYTES:
        raise ValueError("a seed has 31 bytes")
    return AgreementKey(hashlib.sha256(b"yui/stats-key/1\0" + seed).digest())


def commit(seed: bytes) -> bytes:
    """The hash by which a node binds itself to the seed of its own mask."""
    return hashlib.sha256(b"yui/stats-seed/1\0" + seed).digest()


def own_stream(seed: bytes, setting: bytes, step: int, words: int) -> bytes:
    """The mask of a node's own."""
    return _stream(hashlib.sha256(b"yui/stats-own/1\0" + seed).digest(), setting, step, words)


def pair_stream(shared: bytes, setting: bytes, step: int, words: int) -> bytes:
    """The mask of a pair, from the secret on which both agree."""
    return _stream(hashlib.sha256(b"yui/stats-pair/1\0" + shared).digest(), setting, step, words)


def channel_key(shared: bytes, roster: bytes, sender: bytes, receiver: bytes) -> bytes:
    """The key under which shares go from one node to another."""
    return hmac.digest(shared, b"yui/stats-channel/1\0" + roster + sender + receiver, "sha256")


def _stream(key: bytes, setting: bytes, step: int, words: int) -> bytes:
    return sealing.keystream(hmac.digest(key, setting + bytes((step,)), "sha256"), words * WORD_BYTES)


def mask(plain: bytes, own: bytes, pairs: Iterable[Pair], setting: bytes, step: int) -> bytes:
    """``plain`` words under the own mask (31-byte seed) and that of each pair: + for the lower
    number, − for the higher."""
    words = len(plain) // WORD_BYTES
    total = Sum(words)
    total.add(plain)
    total.add(own_stream(own, setting, step, words))
    for pair in pairs:
        stream = pair_stream(pair.shared, setting, step, words)
        (total.add if pair.before else total.subtract)(stream)
    return total.vector()
