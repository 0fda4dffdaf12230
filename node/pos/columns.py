"""What a line of a register's file may say: the fields, the titles under which registers name them, the layouts.

Owns the names only. A column that is no field is never read further than its title: what a register writes about
customers and cards stays outside. Source: docs/adr/0050-pos.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from protocol.errors import CallerFault

TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "store": ("store", "店舗", "店舗名", "店舗コード", "店番", "location", "storeid"),
    "day": ("day", "date", "営業日", "販売日", "販売日時", "取引日時", "締め日", "会計日", "日付", "sumdate"),
    "time": ("time", "時刻", "販売時刻", "会計時間", "取引時刻"),
    "receipt": ("receipt", "レシート番号", "取引id", "伝票番号", "会計id", "transactionid", "transactionheadid"),
    "line": ("line", "行", "行番号", "明細番号", "取引明細id", "transactiondetailid"),
    "jan": ("jan", "janコード", "gtin", "ean", "バーコード"),
    "item": ("item", "品番", "商品コード", "商品番号", "sku", "productcode"),
    "name": ("name", "商品名", "品名", "productname"),
    "quantity": ("quantity", "数量", "個数", "点数", "qty"),
    "unit": ("unit", "単位", "数量単位"),
    "amount": ("amount", "金額", "小計", "販売金額", "税込金額", "netsales", "値引き後小計"),
    "tax": ("tax", "税区分"),
    "rate": ("rate", "税率", "taxrate"),
    "kind": ("kind", "明細区分", "取引区分", "eventtype"),
    "void": ("void", "取消区分", "取消"),
}
REQUIRED: Final = ("day", "receipt", "quantity", "amount")

_SMAREGI: Final = {"day": ("sumdate", "締め日", "取引日時"), "receipt": ("transactionheadid", "取引id")}
# Square's "Item" is the name of what was sold, its "Tax" and "Unit" are a sum and a word
_SQUARE: Final = {"name": ("item",), "item": ("sku",), "tax": ()}
LAYOUTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "generic": TITLES,
    "smaregi": {**TITLES, **_SMAREGI},
    "square": {**TITLES, **_SQUARE},
}


@dataclass(frozen=True)
class Layout:
    """``header``: which row holds the titles, from 0; ``columns``: field → number of its column, from 0."""

    header: int
    columns: Mapping[str, int]
    titles: tuple[str, ...]

    def title(self, field: str) -> str:
        """A field's title in the file."""
        return self.titles[self.columns[field]] if field in self.columns else field


def _plain(title: str) -> str:
    return normalize("NFKC", title).strip().lower().replace(" ", "").replace("_", "")


def _found(row: Sequence[str], titles: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    plain = [_plain(cell) for cell in row]
    found: dict[str, int] = {}
    for field, known in titles.items():
        for title in known:
            if title in plain and plain.index(title) not in found.values():
                found[field] = plain.index(title)
                break
    return found


def layout_of(rows: Sequence[Sequence[str]], name: str, given: Mapping[str, str] | None) -> Layout:
    """Where the titles stand among the first rows and which column is what. ``given``: field → title, by a person.

    CallerFault names the field that no column stands for.
    """
    if name not in LAYOUTS:
        raise CallerFault("layout", f"one of: {', '.join(LAYOUTS)}")
    titles = LAYOUTS[name]
    if given is not None:
        unknown = sorted(set(given) - set(TITLES))
        if unknown:
            raise CallerFault("mapping", f"no such field: {unknown[0]}; there are {', '.join(TITLES)}")
        titles = {field: (_plain(title),) for field, title in given.items()}
    header, columns = max(
        ((number, _found(row, titles)) for number, row in enumerate(rows)),
        key=lambda one: (len(one[1]), -one[0]),
        default=(0, {}),
    )
    missing = [field for field in REQUIRED if field not in columns]
    if not {"jan", "item"} & set(columns):
        missing.append("jan")
    if missing:
        raise CallerFault("mapping", f"no column for: {', '.join(missing)}; name it with a mapping")
    return Layout(header, columns, tuple(rows[header]))
