"""The curve of Ed25519 in plain integers, to make what a careful library refuses. Slow, not constant-time, for tests.

Source: RFC 8032 §5.1. ``lax`` and ``cofactored`` are verifiers as other libraries have them: no point or number has to
be in canonical form or of the right order.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(one: Point, other: Point) -> Point:
    (a, b), (c, d) = one, other
    product = D * a * c * b * d % P
    x = (a * d + b * c) * pow(1 + product, -1, P) % P
    return x, (b * d + a * c) * pow(1 - product, -1, P) % P


def times(number: int, point: Point) -> Point:
    found = IDENTITY
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def minus(point: Point) -> Point:
    return -point[0] % P, point[1]


def root(square: int) -> int | None:
    """A square root modulo P, or None."""
    found = pow(square, (P + 3) // 8, P)
    if (found * found - square) % P:
        found = found * pow(2, (P - 1) // 4, P) % P
    return None if (found * found - square) % P else found


def decode(data: bytes) -> Point | None:
    """The point of ``data``, canonical or not."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    x = root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    if x is None:
        return None
    return (-x % P if x & 1 != sign else x), y


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


BASE: Point = decode(bytes.fromhex("58" + "66" * 31)) or IDENTITY


def challenge(commitment: bytes, public: bytes, message: bytes) -> int:
    """RFC 8032's k, not reduced."""
    return int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little")


def lax(public: bytes, message: bytes, signature: bytes) -> bool:
    """[S]B = R + [k]A, whatever A, R and S are."""
    a, r = decode(public), decode(signature[:32])
    if a is None or r is None:
        return False
    k, s = challenge(signature[:32], public, message), int.from_bytes(signature[32:], "little")
    return times(s, BASE) == add(r, times(k % (8 * L), a))


def cofactored(public: bytes, message: bytes, signature: bytes) -> bool:
    """[8][S]B = [8]R + [8][k]A."""
    a, r = decode(public), decode(signature[:32])
    if a is None or r is None:
        return False
    k, s = challenge(signature[:32], public, message), int.from_bytes(signature[32:], "little")
    return times(8 * s, BASE) == add(times(8, r), times(8 * k % (8 * L), a))


def torsion() -> list[Point]:
    """The eight points of small order."""
    number = 0
    while True:
        number += 1
        point = decode(number.to_bytes(32, "little"))
        if point is not None and times(4 * L, point) != IDENTITY:
            eighth = times(L, point)
            return [times(factor, eighth) for factor in range(8)]
