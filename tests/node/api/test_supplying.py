"""What suppliers see, over the API: a grant, where stores are, a report, the supplier's figures, an order."""

from __future__ import annotations

import asyncio

from node import selling
from node.services import sharing
from tests.node.api.town import BUYER, SELLER, STRANGER, Api

HEAD = "営業日,レシート番号,行,JANコード,商品名,数量,小計\n"
JAN = "2900000601017"
TODAY = "2025-10-09"  # the town's clock


async def furnish(api: Api) -> tuple[str, str]:
    """A catalogue of the supplier's for the shop, and the shop's sales. The paths of the two partners."""
    shop, maker, house = api.members[BUYER], api.members[SELLER], api.town.house
    item = {"number": "M-1", "name": "抹茶あめ", "gtin": JAN, "price": {"value": 150}}
    put = await api.call(SELLER, "PUT", "/v1/items", {"items": [item]})
    assert put.status == 200, put.body
    api.town.do(lambda tx: sharing.publish(house, tx, maker, shop, TODAY))
    file = api.context.folder / "pos.csv"
    file.write_text(HEAD + f"2025-09-29,R1,1,{JAN},抹茶あめ,10,2400\n", encoding="utf-8")
    sold = selling.Sold(file, file.name, shop, "test", "本店")
    context = api.context
    await asyncio.to_thread(selling.bring, context.store, context.warehouse, house.clock, sold)
    return f"/v1/partners/{maker.hex()}", f"/v1/partners/{shop.hex()}"


async def test_from_the_grant_to_the_order(api: Api) -> None:
    maker, shop = await furnish(api)
    assert (await api.call(BUYER, "POST", f"{maker}/sales-report")).status == 404
    given = await api.call(BUYER, "PUT", f"{maker}/sales-grant", {"since": "2025-09-01"})
    assert (given.status, given.json["active"], given.json["prices"]) == (200, True, False)
    nowhere = await api.call(BUYER, "POST", f"{maker}/sales-report")
    assert (nowhere.status, nowhere.json["field"]) == (422, "area")
    assert (await api.call(BUYER, "PUT", "/v1/store-areas", {"area": "23211"})).status == 200
    assert (await api.call(BUYER, "PUT", "/v1/store-areas", {"area": "99"})).status == 422
    reported = await api.call(BUYER, "POST", f"{maker}/sales-report")
    assert (reported.status, len(reported.json["documents"])) == (201, 1)
    again = await api.call(BUYER, "POST", f"{maker}/sales-report")
    assert (again.status, again.json["documents"]) == (200, [])
    seen = (await api.call(SELLER, "GET", "/v1/supplied-sales?weeks=2")).json
    assert seen["weeks"] == ["2025-W39", "2025-W40"]
    assert (seen["shops"], seen["areas"]) == ([0, 1], {"23211": [0, 1]})
    assert [(one["number"], one["by_week"]) for one in seen["items"]] == [("M-1", [0, 10_000])]
    assert (await api.call(STRANGER, "GET", "/v1/supplied-sales")).json["items"] == []
    lines = [{"number": "M-1", "quantity": {"value": 20}, "reason": "そろそろ"}]
    made = await api.call(SELLER, "POST", f"{shop}/replenishment", {"lines": lines, "valid_until": "2025-10-31"})
    assert made.status == 201, made.body
    (proposal,) = (await api.call(BUYER, "GET", "/v1/replenishments")).json["received"]
    assert (proposal["state"], proposal["document"]) == ("open", made.json["documents"][0]["id"])
    path = f"/v1/replenishments/{proposal['document']}/answer"
    assert (await api.call(STRANGER, "POST", path, {"answer": "ordered"})).status == 404
    done = await api.call(BUYER, "POST", path, {"answer": "ordered"})
    assert (done.status, len(done.json["documents"])) == (201, 2)
    assert (await api.call(BUYER, "POST", path, {"answer": "declined"})).status == 422
    (mine,) = (await api.call(SELLER, "GET", "/v1/replenishments")).json["made"]
    assert (mine["state"], mine["order"] != "") == ("ordered", True)
    assert (await api.call(BUYER, "DELETE", f"{maker}/sales-grant")).status == 200
    assert (await api.call(BUYER, "POST", f"{maker}/sales-report")).status == 404
    listed = (await api.call(BUYER, "GET", "/v1/sales-grants")).json
    assert [one["active"] for one in listed["grants"]] == [False]
    assert ([one["week"] for one in listed["told"]], listed["areas"]) == (["2025-W40"], {"": "23211"})
