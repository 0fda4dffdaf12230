"""What a paper says and UBL cannot: the fields that have no element, so that a person is told before sending a file.

Makes the nodes of the paper, reads them back and compares. Owns nothing but the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

_KEYS = ("role", "kind")  # lists whose items stand where this word says, not where their index does
_OUTSIDE = ("origin", "kept")


def differences(stated: Any, heard: Any, path: str = "") -> Iterator[str]:
    """Paths of the fields that ``stated`` states and ``heard``, the same struct read back, does not."""
    for field in stated.__struct_fields__:
        value = getattr(stated, field)
        here = f"{path}.{field}" if path else field
        if field not in _OUTSIDE and value is not None and value not in ("", ()):
            yield from _differ(value, getattr(heard, field, None) if heard is not None else None, here)


def _differ(value: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(value, tuple):
        others = _partners(value, other or ())
        for index, (item, partner) in enumerate(zip(value, others, strict=True)):
            yield from _differ(item, partner, f"{path}[{index}]")
    elif isinstance(value, msgspec.Struct) and value != other and not _is_number(value):
        if other is None:
            yield path
        else:
            yield from differences(value, other, path)
    elif value != other:
        yield path


def _is_number(value: msgspec.Struct) -> bool:
    return "scale" in value.__struct_fields__


def _partners(items: tuple[Any, ...], others: tuple[Any, ...]) -> list[Any]:
    """For each item the one of ``others`` that stands for it, or None."""
    left = list(others)
    key = next(
        (key for key in _KEYS if items and hasattr(items[0], key) and hasattr(items[0], "__struct_fields__")), ""
    )
    found: list[Any] = []
    for index, item in enumerate(items):
        if key:
            match = next((one for one in left if getattr(one, key) == getattr(item, key)), None)
            if match is not None:
                left.remove(match)
        else:
            match = others[index] if index < len(others) else None
        found.append(match)
    return found
