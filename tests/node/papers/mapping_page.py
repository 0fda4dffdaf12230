"""The tables of docs/papers-ubl.md, printed from the mapping itself.

``python -m tests.node.papers.mapping_page`` writes them into the page; a test fails when they are out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from node.papers import ubl
from node.papers.ubl import bill_lines, billing, delivering, goods, offering, order, order_response, parties
from node.papers.ubl.groups import Group, Keyed, Many
from node.papers.ubl.rows import Row, join
from node.papers.ubl.tree import STATEMENT
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "papers-ubl.md"
_SHARED: dict[str, tuple[Row, ...]] = {
    "reference": order.REFERENCE,
    "party": parties.PARTY,
    "address": parties.ADDRESS,
    "contact": parties.CONTACT,
    "period": parties.PERIOD,
    "identifier": parties.IDENTIFIER,
    "delivery asked for": parties.REQUESTED,
    "delivery promised": parties.PROMISED,
    "item": goods.ITEM,
    "price": goods.PRICE,
    "allowance or charge": goods.ALLOWANCE,
    "tax category": goods.TAX_CATEGORY,
    "account": billing.ACCOUNT,
    "delivery made": billing.DELIVERED,
    "named party": billing.NAMED,
    "document named": billing.REFERENCE,
    "allowance on a bill": bill_lines.ALLOWANCE,
    "allowance on a line": bill_lines.LINE_ALLOWANCE,
    "tax of a line": bill_lines.TAX,
}
TABLES: dict[str, tuple[Row, ...]] = {
    "order": tuple(row for row in order.ORDER if row is not order.LINES and row not in order.STATEMENT_ROWS),
    "order line": order.LINES.rows,
    "order statement": order.STATEMENT_ROWS,
    "people of an order": order.ORDER_CONTACTS,
    "order response": tuple(row for row in order_response.ORDER_RESPONSE if row is not order_response.LINES),
    "response line": order_response.LINES.rows,
    "bill": tuple(row for row in billing.INVOICE if row is not billing.INVOICE_LINES),
    "correction": billing.CORRECTION,
    "bill line": billing.INVOICE_LINES.rows,
    "people of a bill": billing.CONTACTS,
    "despatch advice": tuple(row for row in delivering.DESPATCH_ADVICE if row is not delivering.DESPATCH_LINES),
    "despatch line": delivering.DESPATCH_LINES.rows,
    "receiving advice": tuple(row for row in delivering.RECEIVING_ADVICE if row is not delivering.RECEIPT_LINES),
    "receiving line": delivering.RECEIPT_LINES.rows,
    "people of a delivery": delivering.CONTACTS,
    "catalogue": tuple(row for row in offering.CATALOGUE if row is not offering.ITEMS),
    "catalogue line": offering.ITEMS.rows,
    **_SHARED,
}


def _rows(row: Row) -> Iterator[tuple[str, str]]:
    """Field and place of one row; a struct that has a table of its own is only named."""
    rows: Any = getattr(row, "rows", None)
    if not isinstance(row, (Group, Many, Keyed)) or not rows:
        yield from row.describe()
        return
    field, path = row.field, row.path
    if isinstance(row, Many):
        field, path = f"{field}[n]", f"{path}(n)"
    elif isinstance(row, Keyed):
        field, path = f"{field}[{row.key}={row.word}]", f"{path}(n)" if row.many else path
    own = next((name for name, table in _SHARED.items() if table is rows), None)
    if own is not None:
        yield f"{field}: {own}", path
        return
    for inner in rows:
        for name, below in _rows(inner):
            yield (name if name.startswith("(") else f"{field}.{name}"), join(path, below)


def table(name: str) -> str:
    """One table as Markdown."""
    lines = ["| field | element |", "|---|---|"]
    seen: dict[tuple[str, str], None] = {}
    for row in TABLES[name]:
        for field, path in _rows(row):
            if not path.endswith("/@currencyID"):  # of every amount; the page says so once
                seen[field, path] = None
    for field, path in seen:
        place = path.removeprefix(f"{order.OURS}/").replace(f"{{{STATEMENT}}}", "y:") or "."
        said = f"*{field[1:-1]}*" if field.startswith("(") else f"`{field}`"
        lines.append(f"| {said} | `{place}` |")
    return "\n".join(lines)


def renewed(page: str) -> str:
    """The page with every table between its markers made new."""

    def fill(found: re.Match[str]) -> str:
        return f"<!-- table: {found[1]} -->\n{table(found[1])}\n<!-- end -->"

    return re.sub(r"<!-- table: ([a-z ]+) -->\n.*?<!-- end -->", fill, page, flags=re.DOTALL)


def kinds() -> list[str]:
    """The papers that the page has to treat."""
    return sorted(ubl.TYPES)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
