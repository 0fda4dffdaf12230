"""Shamir's sharing of 31-byte secrets over the field of 2^255 − 19: any ``threshold`` shares open one.

Owns the polynomial and the interpolation. Fewer shares say nothing of the secret. The other coefficients are an
argument: this draws no entropy. A share says nothing of its own truth; whoever opens compares with what the
dealer committed itself to. Source: Shamir, "How to share a secret", Comm. ACM 22 (1979); ``docs/protocol.md`` §18.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.errors import Malformed

PRIME: Final = 2**255 - 19
SECRET_BYTES: Final = 31  # below the prime whatever they are
SHARE_BYTES: Final = 32
COEFFICIENT_BYTES: Final = 40  # reduced modulo the prime: no value is more likely than another by more than 2^-65


def threshold_of(holders: int) -> int:
    """More than two thirds of ``holders``."""
    return 2 * holders // 3 + 1


def split(secret: bytes, threshold: int, holders: int, coefficients: bytes) -> list[bytes]:
    """The shares of holders 1 … ``holders``. ``coefficients``: 40 · (threshold − 1) fresh random bytes."""
    if len(secret) != SECRET_BYTES or not 1 <= threshold <= holders:
        raise Malformed("shares: a secret has 31 bytes, a threshold lies in 1 … holders")
    if len(coefficients) != COEFFICIENT_BYTES * (threshold - 1):
        raise Malformed("shares: 40 random bytes for each coefficient")
    polynomial = [int.from_bytes(secret, "big")]
    polynomial += [
        int.from_bytes(coefficients[at : at + COEFFICIENT_BYTES], "big") % PRIME
        for at in range(0, len(coefficients), COEFFICIENT_BYTES)
    ]
    polynomial.reverse()
    return [_at(polynomial, holder).to_bytes(SHARE_BYTES, "big") for holder in range(1, holders + 1)]


def _at(polynomial: list[int], x: int) -> int:
    value = 0
    for coefficient in polynomial:
        value = (value * x + coefficient) % PRIME
    return value


def join(shares: Mapping[int, bytes], threshold: int) -> bytes:
    """The secret behind ``threshold`` of these shares (by holder's number, the lowest ones); Malformed if too few, or
    if they are not of one secret of 31 bytes. Fewer wrong ones than that give a wrong secret: compare it."""
    if len(shares) < threshold:
        raise Malformed(f"shares: {len(shares)} are here, {threshold} are needed")
    chosen = {x: number(shares[x]) for x in sorted(shares)[:threshold]}
    total = 0
    for x, y in chosen.items():
        above, below = 1, 1
        for other in chosen:
            if other != x:
                above = above * other % PRIME
                below = below * (other - x) % PRIME
        total = (total + y * above * pow(below, -1, PRIME)) % PRIME
    if total >> (8 * SECRET_BYTES):
        raise Malformed("shares: not of one secret")
    return total.to_bytes(SECRET_BYTES, "big")


def number(share: bytes) -> int:
    """A share as a number below the prime; Malformed otherwise: one share has one form."""
    value = int.from_bytes(share, "big")
    if len(share) != SHARE_BYTES or value >= PRIME:
        raise Malformed("share: must be 32 bytes below the prime")
    return value
