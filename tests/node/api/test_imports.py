"""A list over the API: what it would do, then taken over; the same file does nothing twice."""

from __future__ import annotations

import base64
from typing import Any

from tests.node.api.town import BUYER, SELLER, STRANGER, Api

ITEMS = '品番,品名,単価\nM-1,抹茶あめ,"1,240"\nM-2,,5\n'


def given(text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "items", "name": "a.csv", "content": base64.b64encode(text.encode("cp932")).decode(), **more}


async def test_items_are_looked_at_then_taken_over(api: Api) -> None:
    seen = await api.call(SELLER, "POST", "/v1/imports", given(ITEMS))
    assert seen.status == 200, seen.json
    assert (seen.json["new"], seen.json["left_out"], seen.json["stored"]) == (1, 1, False)
    assert seen.json["problems"] == [{"line": 3, "column": "品名", "rule": "Enter 品名."}]
    assert (await api.call(SELLER, "GET", "/v1/items")).json["items"] == []
    done = await api.call(SELLER, "POST", "/v1/imports", given(ITEMS, commit=True))
    assert done.json["stored"]
    kept = (await api.call(SELLER, "GET", "/v1/items")).json["items"]
    assert [(one["item"]["number"], one["version"]) for one in kept] == [("M-1", 1)]
    again = await api.call(SELLER, "POST", "/v1/imports", given(ITEMS, commit=True))
    assert (again.json["same"], again.json["new"], again.json["before"] > 0) == (1, 0, True)
    assert (await api.call(SELLER, "GET", "/v1/items")).json["items"][0]["version"] == 1
    assert (await api.call(STRANGER, "GET", "/v1/items")).json["items"] == []


async def test_a_stated_mapping_and_faults(api: Api) -> None:
    columns = {"columns": {"seller_id": "あ", "name": "い"}}
    done = await api.call(SELLER, "POST", "/v1/imports", given("あ,い\n1,釘\n", mapping=columns, commit=True))
    assert done.json["new"] == 1
    for wrong in (
        given("あ,い\n1,釘\n", mapping={"columns": {"name": "う"}}),
        given("あ,い\n1,釘\n", kind="members"),
        given("あ,い\n1,釘\n", name="a.exe"),
        {**given(""), "content": "%%"},
        given("品番,品名\n", commit=True),
    ):
        answer = await api.call(SELLER, "POST", "/v1/imports", wrong)
        assert 400 <= answer.status < 500, wrong


async def test_orders_are_sent_or_become_drafts(api: Api) -> None:
    seller = api.members[SELLER].hex()
    text = "注文番号,品名,数量\nP-1,釘,5\nP-1,ねじ,6\nP-2,針,1\n"
    asked = given(text, kind="orders", partner=seller, commit=True)
    nobody = await api.call(BUYER, "POST", "/v1/imports", asked)
    assert nobody.status == 422  # the token belongs to no user: nobody's drafts
    sent = await api.call(BUYER, "POST", "/v1/imports", {**asked, "send": True})
    assert sent.json["orders"] == 2
    again = await api.call(BUYER, "POST", "/v1/imports", {**asked, "commit": False})
    assert (again.json["new"], again.json["same"]) == (0, 3)
    found = await api.call(SELLER, "GET", "/v1/documents")
    assert len(found.json["documents"]) == 2
