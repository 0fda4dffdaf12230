"""Change one field of a canonical record by its path, to something of a wrong type, length or range."""

from collections.abc import Iterator
from typing import Any

from protocol import canon

WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**60,
    "",
    "x",
    "a" * 5_000,
    b"",
    b"x",
    bytes(33),
    [],
    [[]],
    [1, 2],
    {},
    {"a": 1},
)


def paths(value: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """The path of every element inside nested arrays, ``value`` itself first."""
    yield at
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*at, index))


def replaced(value: Any, path: tuple[int, ...], new: Any) -> Any:
    """``value`` with ``new`` at ``path``."""
    if not path:
        return new
    copy = list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


def disfigured(data: bytes, limit: int = 1_000_000) -> Iterator[tuple[tuple[int, ...], Any, bytes]]:
    """(path, new value, record) for every element of ``data`` and every kind of wrong value; and too few, too many."""
    value = canon.decode(data, max_bytes=limit)
    for path in paths(value):
        inner = value
        for index in path:
            inner = inner[index]
        wrong = [*WRONG, *([inner[:-1], [*inner, 0]] if isinstance(inner, list) else [])]
        for new in wrong:
            if new != inner or type(new) is not type(inner):
                yield path, new, canon.encode(replaced(value, path, new))
