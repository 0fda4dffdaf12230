"""docs/protocol.md §20.3 has the tables of the code, field by field."""

from __future__ import annotations

from pathlib import Path

from protocol.offer.fields import Field, Type
from protocol.offer.kinds import KINDS
from protocol.offer.laws import LAWS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "protocol.md"


def test_every_field_stands_in_the_protocol() -> None:
    text = DOCS.read_text("utf-8")
    for kind in KINDS.values():
        part = text.split(f"**`{kind.name}`**", 1)[1].split("**`", 1)[0].split("Between fields", 1)[0]
        rows = [line for line in part.splitlines() if line.startswith("| `")]
        assert len(rows) == len(kind.fields), kind.name
        for row, field in zip(rows, kind.fields, strict=True):
            _compare(row, field)


def _compare(row: str, field: Field) -> None:
    name, shape, needed, law = (cell.strip() for cell in row.strip("|").split("|"))
    assert name == f"`{field.name}`"
    assert needed == ("" if field.needed.value == "no" else field.needed.value), row
    assert law == LAWS.get(field.law, ""), row
    assert all(f"`{choice}`" in shape for choice in field.choices), row
    if field.type in {Type.NUMBER, Type.YEN}:
        assert shape == f"`int {field.low}..{field.high}`{' ' + field.unit if field.unit else ''}", row
