"""`yui item`, `terms`, `books` and `payments` on a folder whose node does not run."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.running import Ran, yui
from tests.node.api.town import administering

ORDER = {
    "number": "=PO-1",
    "issue_date": "2026-10-05",
    "currency": "JPY",
    "buyer": {"name": "金太郎機械"},
    "seller": {"name": "花咲堂"},
    "lines": [
        {
            "line_id": "1", "item": {"name": "風呂敷"}, "quantity": {"value": 2}, "unit": "H87",
            "price": {"value": {"value": 1150}}, "amount": 2300,
        }
    ],
}  # fmt: skip
INVOICE = {
    **ORDER,
    "number": "IN-1",
    "lines": [{**ORDER["lines"][0], "tax": {"category": "S", "rate": {"value": 10}}}],  # type: ignore[index, dict-item]
    "taxes": [{"category": "S", "rate": {"value": 10}, "basis": 2300, "tax": 230}],
    "totals": {"lines": 2300, "net": 2300, "tax": 230, "gross": 2530, "payable": 2530},
    "rounding": "down",
    "transaction_date": "2026-10-05",
}


class Office:
    """A served folder with two firms, an order and its invoice between them, and the command line beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def yui(self, *arguments: str) -> Ran:
        return await asyncio.to_thread(yui, self.folder, *arguments)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with administering(tmp_path) as (town, context):
        found = Office(tmp_path)
        for name in ("金太郎機械", "花咲堂"):
            town.enrol(name)
        sent = (("金太郎機械", "花咲堂", "order", ORDER), ("花咲堂", "金太郎機械", "invoice", INVOICE))
        for sender, to, kind, body in sent:
            file = tmp_path / f"{kind}.json"
            file.write_text(json.dumps(body), "utf-8")
            ran = await found.yui("document", "send", kind, str(file), "--from", sender, "--to", to)
            assert ran.code == 0, ran.err
        yield found
        context.arrivals.close()


async def test_items(office: Office) -> None:
    file = office.folder / "items.json"
    file.write_text(json.dumps([{"number": "B-1", "name": "紙袋", "price": {"value": 1250, "scale": 1}}]), "utf-8")
    ran = await office.yui("item", "put", str(file), "--member", "花咲堂", "--json")
    assert ran.code == 0, ran.err
    assert ran.json[0]["version"] == 1
    assert "125.0" in (await office.yui("item", "list", "紙", "--member", "花咲堂")).out
    assert (await office.yui("item", "list", "--member", "金太郎機械", "--json")).json == []
    file.write_text("{", "utf-8")
    assert (await office.yui("item", "put", str(file), "--member", "花咲堂")).code == 4
    assert (await office.yui("item", "drop", "B-1", "--member", "花咲堂")).code == 0
    assert (await office.yui("item", "drop", "B-1", "--member", "花咲堂")).code == 1


async def test_terms(office: Office) -> None:
    args = ("金太郎機械", "--member", "花咲堂")
    ran = await office.yui("terms", "set", *args, "--closing-day", "20", "--rate", "72.5", "--json")
    assert ran.code == 0, ran.err
    ran = await office.yui("terms", "set", *args, "--pay-day", "10", "--json")
    terms = (await office.yui("terms", "show", *args, "--json")).json["terms"]
    assert (terms["closing_day"], terms["pay_day"], terms["rate"]) == (20, 10, {"value": 725, "scale": 1})
    assert "72.5" in (await office.yui("terms", "show", *args)).out
    assert (await office.yui("terms", "set", *args)).code == 4
    assert (await office.yui("terms", "set", *args, "--rate", "much")).code == 4
    assert (await office.yui("terms", "set", *args, "--shift", "sideways")).code == 4


async def test_books_are_searched_and_exported(office: Office) -> None:
    found = (await office.yui("books", "search", "--member", "花咲堂", "--min", "2301", "--json")).json
    assert [line["number"] for line in found["lines"]] == ["IN-1"]
    assert "2,530" in (await office.yui("books", "search", "--member", "花咲堂")).out
    zipped = office.folder / "books.zip"
    forms = ("--form", "json", "--form", "proof")
    ran = await office.yui("books", "export", str(zipped), "--member", "金太郎機械", *forms, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["documents"] == 2
    with zipfile.ZipFile(zipped) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))
        names = archive.namelist()
    assert len(rows) == 3
    assert rows[0][0] == "取引年月日"
    assert "'=PO-1" in [row[4] for row in rows]
    assert sorted(name.rpartition(".")[2] for name in names) == ["csv", "json", "json", "yui-proof", "yui-proof"]
    assert (await office.yui("books", "export", str(zipped), "--member", "花咲堂", "--form", "exe")).code == 4
    assert (await office.yui("books", "export", str(office.folder / "no" / "x.zip"), "--member", "花咲堂")).code == 4


async def test_payments_are_marked_and_taken_back(office: Office) -> None:
    listed = (await office.yui("payments", "list", "--member", "金太郎機械", "--json")).json
    assert [(one["bill"]["number"], one["bill"]["open"]) for one in listed] == [("IN-1", 2530)]
    assert (await office.yui("payments", "list", "--member", "花咲堂", "--receivable", "--json")).json[0]["bill"][
        "open"
    ] == 2530
    paid = await office.yui("payments", "paid", "IN-1", "--day", "2026-11-30", "--member", "金太郎機械", "--json")
    assert paid.code == 0, paid.err
    assert (await office.yui("payments", "list", "--member", "金太郎機械", "--json")).json == []
    assert (await office.yui("payments", "paid", "IN-1", "--day", "2026-11-30", "--member", "金太郎機械")).code == 4
    identity = paid.json[0]["id"]
    assert (await office.yui("payments", "undo", identity[:12], "--member", "金太郎機械")).code == 0
    assert (await office.yui("payments", "undo", identity[:4], "--member", "金太郎機械")).code == 4
    (entry,) = (await office.yui("payments", "log", "--member", "金太郎機械", "--json")).json
    assert entry["undone_by"].startswith("cli:")
    assert "IN-1" in (await office.yui("payments", "list", "--member", "金太郎機械")).out


async def test_closings_and_their_list(office: Office) -> None:
    ran = await office.yui("closing", "list", "2026-10", "--member", "花咲堂", "--json")
    (line,) = ran.json
    assert (line["side"], line["bills"], line["billed"]) == ("sales", 1, 2_530)
    shown = await office.yui("closing", "list", "2026-10", "--member", "花咲堂")
    assert "金太郎機械" in shown.out
    sheet = office.folder / "list.pdf"
    ran = await office.yui(
        "closing", "statement", "金太郎機械", "2026-10", "--member", "花咲堂", "--pdf", str(sheet), "--json"
    )
    assert ran.code == 0, ran.err
    (found,) = ran.json["lists"]
    assert ([row["number"] for row in found["listed"]], found["payable"]) == (["IN-1"], 2_530)
    assert sheet.read_bytes().startswith(b"%PDF-")
    none = await office.yui("closing", "statement", "金太郎機械", "2026-09", "--member", "花咲堂")
    assert none.code != 0


async def test_partners_without_a_node_enquiries_and_bank_files(office: Office) -> None:
    added = await office.yui("guest", "add", "野菜の直売所", "--fax", "0565-00-0000", "--member", "花咲堂", "--json")
    assert added.code == 0, added.err
    listed = await office.yui("guest", "list", "--member", "花咲堂")
    assert "野菜の直売所" in listed.out
    assert (await office.yui("guest", "list", "--member", "金太郎機械", "--json")).json == []
    for words in (("enquiry", "list"), ("payments", "files")):
        assert (await office.yui(*words, "--member", "花咲堂", "--json")).json == []
    for words in (("enquiry", "show", "00000000"), ("payments", "file", "00000000", "-o", "x")):
        assert (await office.yui(*words, "--member", "花咲堂")).code != 0
