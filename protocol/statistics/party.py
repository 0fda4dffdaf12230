"""What one node makes of its secrets in a question: commitment, shares for neighbours, masked words, releases.

Owns the computation; when it is allowed is ``federation/answering.py``. All secrets come from 32 random bytes that the
caller draws afresh for every question. Source: ``docs/protocol.md`` §18.3–18.6.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Final

from protocol import canon, sealing
from protocol.errors import Malformed
from protocol.keys import AgreementKey, SigningKey
from protocol.statistics import masks, messages, shamir, signed
from protocol.statistics.masks import Pair
from protocol.statistics.messages import (
    ANSWER_TAG,
    COMMITMENT_TAG,
    DEALING_TAG,
    DIGEST_BYTES,
    SECRETS,
    Answer,
    Commitment,
    Dealing,
    Release,
)
from protocol.statistics.roster import Circle, Setting

ENTROPY_BYTES: Final = 32
_ABOUT: Final = b"yui/stats-packet/1"
_NONCE: Final = bytes(24)  # every pair, direction and question has a key of its own


class Party:
    """One node's secrets in one question."""

    def __init__(self, key: SigningKey, question: bytes, entropy: bytes) -> None:
        if len(entropy) != ENTROPY_BYTES:
            raise Malformed("entropy: must be 32 bytes")
        self.key = key
        self.question = question
        self._entropy = entropy
        self.round_seeds = (self._secret(b"key 1"), self._secret(b"key 2"))
        self.own_seeds = (self._secret(b"own 1"), self._secret(b"own 2"))
        self.nonce = self._derive(b"nonce")
        self._channel = AgreementKey(self._derive(b"channel"))
        self._shared: dict[bytes, bytes] = {}
        self._round_keys = tuple(masks.round_key(seed) for seed in self.round_seeds)

    def _derive(self, word: bytes) -> bytes:
        return hmac.digest(self._entropy, b"yui/stats-party/1\0" + word + b"\0" + self.question, "sha256")

    def _secret(self, word: bytes) -> bytes:
        return self._derive(word)[: shamir.SECRET_BYTES]

    @property
    def commitment(self) -> Commitment:
        """What others learn at first."""
        return Commitment(
            self.question,
            self._channel.public,
            tuple(key.public for key in self._round_keys),
            tuple(masks.commit(seed) for seed in self.own_seeds),
            canon.digest(self.nonce),
        )

    def commit(self) -> bytes:
        """The signed commitment that travels."""
        return signed.sign(self.key, COMMITMENT_TAG, self.commitment)

    def deal(self, circle: Circle) -> bytes:
        """The signed shares of all four secrets for the neighbours, whose commitments are verified here."""
        number = circle.roll.number[self.key.public]
        near = circle.neighbours(number)
        threshold = shamir.threshold_of(len(near))
        stream = sealing.keystream(
            self._derive(b"coefficients" + circle.beacon), SECRETS * shamir.COEFFICIENT_BYTES * (threshold - 1)
        )
        each = len(stream) // SECRETS
        tables = [
            shamir.split(secret, threshold, len(near), stream[at * each : (at + 1) * each])
            for at, secret in enumerate((*self.round_seeds, *self.own_seeds))
        ]
        digests, packets = bytearray(), bytearray()
        for at, holder in enumerate(near):
            shares = [table[at] for table in tables]
            digests += messages.digests_of(shares, circle.beacon, number, holder)
            about = _ABOUT + circle.beacon
            packets += sealing.encrypt(b"".join(shares), about, _NONCE, self._channel_key(circle, number, holder))
        return signed.sign(self.key, DEALING_TAG, Dealing(circle.beacon, bytes(digests), bytes(packets)))

    def _channel_key(self, circle: Circle, sender: int, receiver: int) -> bytes:
        publics = circle.roll.publics
        own_is_sender = publics[sender] == self.key.public
        other = circle.roll.verify(receiver) if own_is_sender else circle.roll.commitment(sender)
        shared = self._shared.get(other.channel)
        if shared is None:
            shared = self._shared[other.channel] = self._channel.agree(other.channel)
        return masks.channel_key(shared, circle.roll.hash, publics[sender], publics[receiver])

    def open_packet(self, circle: Circle, dealer: int, digests: bytes, packet: bytes) -> tuple[bytes, ...]:
        """The four shares that a dealer gave this node; Malformed if they are not what it published of them.

        Whoever sealed it holds the channel key of the dealer's commitment, which was verified when this node dealt.
        """
        number = circle.roll.number[self.key.public]
        plain = sealing.decrypt(packet, _ABOUT + circle.beacon, _NONCE, self._channel_key(circle, dealer, number))
        shares = tuple(plain[at : at + shamir.SHARE_BYTES] for at in range(0, len(plain), shamir.SHARE_BYTES))
        if digests != messages.digests_of(shares, circle.beacon, dealer, number):
            raise Malformed("packet: not the shares that were published")
        return shares

    def answer(self, setting: Setting, step: int, present: Sequence[int], plain: bytes) -> bytes:
        """The signed, masked words. ``present``: with whom masks are shared: the dealers, then those of step 1."""
        circle = setting.circle
        number = circle.roll.number[self.key.public]
        here = frozenset(present)
        key = self._round_keys[step - 1]
        pairs = [
            Pair(key.agree(circle.roll.commitment(other).round_keys[step - 1]), number < other)
            for other in circle.neighbours(number)
            if other in here
        ]
        words = masks.mask(plain, self.own_seeds[step - 1], pairs, setting.hash, step)
        return signed.sign(self.key, ANSWER_TAG, Answer(setting.hash, step, words))

    def release(
        self,
        setting: Setting,
        step: int,
        present: Sequence[int],
        answered: Sequence[int],
        held: Mapping[int, tuple[bytes, ...]],
    ) -> bytes:
        """The own seed, and one share for each neighbour that was ``present``: never both kinds."""
        there = frozenset(answered)
        shares = []
        for other in setting.circle.neighbours(setting.circle.roll.number[self.key.public]):
            if other in held and other in present:
                kind = step - 1 + (2 if other in there else 0)
                shares.append((other, held[other][kind]))
        made = Release(setting.hash, step, self.own_seeds[step - 1], tuple(shares))
        return messages.encode(messages.RELEASE_TAG, made)


def share_is(digests: bytes, kind: int, share: bytes, beacon: bytes, dealer: int, holder: int) -> bool:
    """Is this the share of ``kind`` that the dealer published? Kinds: 0, 1 round keys, 2, 3 own masks, by step."""
    about = beacon + dealer.to_bytes(2, "big") + holder.to_bytes(2, "big")
    made = canon.digest(b"yui/stats-share/1\0" + about + bytes((kind,)) + share)[:DIGEST_BYTES]
    return digests[kind * DIGEST_BYTES : (kind + 1) * DIGEST_BYTES] == made
