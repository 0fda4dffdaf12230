"""Checks of a decoded record's shape: lengths, types, ranges. Every refusal names the field.

Owns nothing but these checks; used by every record parser so that messages read alike.
"""

from __future__ import annotations

from typing import Any

from protocol.errors import Malformed, TooLarge


def record(value: Any, tag: str, fields: int) -> list[Any]:
    """``value`` as an array of ``fields`` elements of which the first is ``tag``."""
    if type(value) is not list or len(value) != fields or value[0] != tag:
        raise Malformed(f"not a {tag} record of {fields} fields")
    return value


def array(value: Any, name: str, limit: int) -> list[Any]:
    """An array of at most ``limit`` elements."""
    if type(value) is not list:
        raise Malformed(f"{name}: must be an array")
    if len(value) > limit:
        raise TooLarge(f"{name}: {len(value)} elements, the limit is {limit}")
    return value


def exactly(value: Any, name: str, length: int) -> list[Any]:
    """An array of exactly ``length`` elements."""
    if type(value) is not list or len(value) != length:
        raise Malformed(f"{name}: must be an array of {length}")
    return value


def hash32(value: Any, name: str) -> bytes:
    """A 32-byte hash or id."""
    if type(value) is not bytes or len(value) != 32:
        raise Malformed(f"{name}: must be 32 bytes")
    return value


def hash_or_empty(value: Any, name: str) -> bytes:
    """A 32-byte hash, or no bytes at all."""
    if type(value) is not bytes or len(value) not in (0, 32):
        raise Malformed(f"{name}: must be empty or 32 bytes")
    return value


def binary(value: Any, name: str, limit: int) -> bytes:
    """Binary of at most ``limit`` bytes."""
    if type(value) is not bytes:
        raise Malformed(f"{name}: must be binary")
    if len(value) > limit:
        raise TooLarge(f"{name}: {len(value)} bytes, the limit is {limit}")
    return value


def fixed(value: Any, name: str, length: int) -> bytes:
    """Binary of exactly ``length`` bytes."""
    if type(value) is not bytes or len(value) != length:
        raise Malformed(f"{name}: must be {length} bytes")
    return value


def text(value: Any, name: str, limit: int, *, empty: bool = True) -> str:
    """Text of at most ``limit`` characters."""
    if type(value) is not str or (not empty and not value):
        raise Malformed(f"{name}: must be text{'' if empty else ' and not empty'}")
    if len(value) > limit:
        raise TooLarge(f"{name}: {len(value)} characters, the limit is {limit}")
    return value


def integer(value: Any, name: str, low: int, high: int) -> int:
    """An integer in ``low..high``."""
    if type(value) is not int or not low <= value <= high:
        raise Malformed(f"{name}: must be an integer from {low} to {high}")
    return value


def flag(value: Any, name: str) -> bool:
    """A boolean."""
    if type(value) is not bool:
        raise Malformed(f"{name}: must be true or false")
    return value


MAX_TIME_US = 2**53 - 1  # year 2255


def time_us(value: Any, name: str) -> int:
    """A time in µs UTC since 1970 (information, never authority)."""
    return integer(value, name, 0, MAX_TIME_US)
