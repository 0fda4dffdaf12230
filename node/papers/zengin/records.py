"""The four records of a 総合振込 file, 120 bytes each: fields with their places. Bytes in and out; no rules of names.

N: digits, right-aligned, filled with zeros. C: characters of JIS X 0201, left-aligned, filled with spaces. Source:
全銀協標準通信プロトコル (ベーシック手順) 適用業務およびレコード・フォーマット, 総合振込.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LENGTH: Final = 120
ENCODING: Final = "cp932"  # its half-width characters are those of JIS X 0201


class Field(NamedTuple):
    """``kind`` N or C, ``length`` in bytes."""

    name: str
    kind: str
    length: int


def _fields(*rows: tuple[str, str, int]) -> tuple[Field, ...]:
    fields = tuple(Field(*row) for row in rows)
    assert sum(field.length for field in fields) == LENGTH
    return fields


HEADER: Final = _fields(
    ("record", "N", 1),
    ("type", "N", 2),
    ("characters", "N", 1),
    ("payer_code", "N", 10),
    ("payer_name", "C", 40),
    ("day", "N", 4),
    ("bank", "N", 4),
    ("bank_name", "C", 15),
    ("branch", "N", 3),
    ("branch_name", "C", 15),
    ("kind", "N", 1),
    ("number", "N", 7),
    ("filler", "C", 17),
)
DATA: Final = _fields(
    ("record", "N", 1),
    ("bank", "N", 4),
    ("bank_name", "C", 15),
    ("branch", "N", 3),
    ("branch_name", "C", 15),
    ("clearing_house", "N", 4),
    ("kind", "N", 1),
    ("number", "N", 7),
    ("holder", "C", 30),
    ("amount", "N", 10),
    ("new_code", "N", 1),
    ("customer_code_1", "C", 10),
    ("customer_code_2", "C", 10),
    ("method", "N", 1),
    ("edi_mark", "C", 1),
    ("filler", "C", 7),
)
TRAILER: Final = _fields(("record", "N", 1), ("count", "N", 6), ("total", "N", 12), ("filler", "C", 101))
END: Final = _fields(("record", "N", 1), ("filler", "C", 119))
BY_MARK: Final = {"1": HEADER, "2": DATA, "8": TRAILER, "9": END}


def encode(fields: tuple[Field, ...], values: dict[str, str]) -> bytes:
    """One record. A value must fit its field: an error here is a fault of ours, the rules were checked before."""
    parts = []
    for field in fields:
        value = values.get(field.name, "")
        data = value.encode(ENCODING)
        if len(data) > field.length or (field.kind == "N" and value and not (value.isascii() and value.isdigit())):
            raise ValueError(f"{field.name}: {value!r} does not fit {field.kind}({field.length})")
        parts.append(data.rjust(field.length, b"0") if field.kind == "N" else data.ljust(field.length, b" "))
    return b"".join(parts)


def decode(fields: tuple[Field, ...], record: bytes) -> dict[str, str]:
    """The values of one record: digits with their zeros, texts without the spaces behind them."""
    values, at = {}, 0
    for field in fields:
        text = record[at : at + field.length].decode(ENCODING)
        values[field.name] = text if field.kind == "N" else text.rstrip(" ")
        at += field.length
    return values
