"""The tables of docs/papers-sme.md, printed from the mapping itself.

``python -m tests.node.papers.mapping_page_sme`` writes them into the page; a test fails when they are out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from node.papers.sme import bill_lines, goods, head, kinds, notes, parties
from node.papers.ubl.groups import Group, Keyed, Many
from node.papers.ubl.rows import Row, join
from tests.conftest import ROOT
from tests.node.papers.sme_items import item

PAGE = ROOT / "docs" / "papers-sme.md"
SHARED: dict[str, tuple[Row, ...]] = {
    "context": head.CONTEXT,
    "party": parties.PARTY,
    "party without registration": parties.PLAIN_PARTY,
    "party of an invoice": parties.INVOICE_PARTY,
    "party of a payment": parties.SHORT_PARTY,
    "contact": parties.CONTACT,
    "reference": goods.REFERENCE,
    "account": bill_lines.ACCOUNT,
}
TABLES: dict[str, kinds.Kind] = {
    "SMEQuotation": kinds.only("SMEQuotation"),
    "SMEQuotationResponse": kinds.only("SMEQuotationResponse"),
    "SMEOrder": kinds.only("SMEOrder"),
    "SMEOrderResponse": kinds.only("SMEOrderResponse"),
    "SMEDespatchAdvice": kinds.only("SMEDespatchAdvice"),
    "SMEReceivingAdvice": kinds.only("SMEReceivingAdvice"),
    "SMEInvoice": kinds.only("SMEInvoice"),
    "SMEConsolidatedInvoice": kinds.only("SMEConsolidatedInvoice"),
    "SMESelfInvoice": kinds.only("SMESelfInvoice"),
    "SMESelfInvoiceResponse": kinds.only("SMESelfInvoiceResponse"),
    "SMERemittanceAdvaice": kinds.only("SMERemittanceAdvaice"),
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
    own = next((name for name, table in SHARED.items() if table is rows), None)
    if own is not None:
        yield f"{field}: {own}", path
        return
    for inner in rows:
        for name, below in _rows(inner):
            yield (name if name.startswith("(") else f"{field}.{name}"), join(path, below)


def table(name: str) -> str:
    """One table as Markdown."""
    kind = TABLES.get(name)
    rows = SHARED[name] if kind is None else (*kind.rows, *kind.contacts)
    rows = tuple(row for row in rows if name == "context" or row not in head.CONTEXT)
    seen: dict[tuple[str, str], None] = {}
    for row in rows:
        for field, path in _rows(row):
            if not field.startswith("(") or kind is not None or name == "context":
                seen[field, path] = None
    lines = ["| field | element | 項目 |", "|---|---|---|"]
    for field, path in seen:
        place = path.replace("sme:", "").replace("SupplyChainTrade", "SCT") or "."
        said = f"*{field[1:-1]}*" if field.startswith("(") else f"`{field}`"
        lines.append(f"| {said} | `{place}` | {item(name, path.replace('sme:', ''))} |")
    return "\n".join(lines)


def subjects() -> str:
    """The subjects of our notes."""
    spelled = {
        one.subject: one.field
        for own in (notes.ORDER, notes.SHIPMENT, notes.RECEIPT, notes.RECEIPT_LINE, (notes.FORMULA, notes.REASON))
        for one in own
    }
    return "\n".join(["| 表題 | field |", "|---|---|", *(f"| {name} | `{field}` |" for name, field in spelled.items())])


def renewed(page: str) -> str:
    """The page with every table between its markers made new."""

    def fill(found: re.Match[str]) -> str:
        made = subjects() if found[1] == "subjects" else table(found[1])
        return f"<!-- table: {found[1]} -->\n{made}\n<!-- end -->"

    return re.sub(r"<!-- table: ([A-Za-z ]+) -->\n.*?<!-- end -->", fill, page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
