"""Items, terms, catalogues, messages and advice over the API; nothing of it is anybody else's."""

from __future__ import annotations

from tests.node.api.town import BUYER, SELLER, STRANGER, Api, plain
from tests.node.services.october import order

BAG = {"number": "B-1", "name": "紙袋", "unit": "BX", "price": {"value": 4800}, "gtin": "2900000401013"}


async def test_items_and_prices(api: Api) -> None:
    put = await api.call(SELLER, "PUT", "/v1/items", {"items": [BAG, {"number": "W-6", "name": "座金"}]})
    assert put.status == 200
    assert [one["version"] for one in put.json["items"]] == [1, 1]
    found = await api.call(SELLER, "GET", "/v1/items?text=紙&limit=1")
    assert [one["item"]["number"] for one in found.json["items"]] == ["B-1"]
    assert (await api.call(STRANGER, "GET", "/v1/items")).json == {"items": [], "next": ""}
    bad = await api.call(SELLER, "PUT", "/v1/items", {"items": [{**BAG, "gtin": "2900000401014"}]})
    assert (bad.status, bad.json["field"]) == (422, "items[0].gtin")
    partner = api.members[BUYER].hex()
    prices = {"prices": {"B-1": {"price": {"value": 4000}}}}
    assert (await api.call(SELLER, "PUT", f"/v1/partners/{partner}/prices", prices)).json == prices
    assert (await api.call(SELLER, "DELETE", "/v1/items?number=W-6")).status == 200
    assert (await api.call(SELLER, "DELETE", "/v1/items?number=W-6")).status == 404


async def test_terms_are_private_and_versioned(api: Api) -> None:
    path = f"/v1/partners/{api.members[BUYER].hex()}/terms"
    assert (await api.call(SELLER, "GET", path)).json["version"] == 0
    put = await api.call(SELLER, "PUT", path, {"terms": {"closing_day": 20}, "version": 0})
    assert (put.status, put.json["version"]) == (200, 1)
    late = await api.call(SELLER, "PUT", path, {"terms": {"closing_day": 10}, "version": 0})
    assert late.json["code"] == "changed-meanwhile"
    assert (await api.call(SELLER, "PUT", path, {"terms": {"closing_day": 32}})).status == 422
    own = f"/v1/partners/{api.members[SELLER].hex()}/terms"
    assert (await api.call(BUYER, "GET", own)).json["version"] == 0


async def test_a_catalogue_is_asked_for_offered_and_withdrawn(api: Api) -> None:
    await api.call(SELLER, "PUT", "/v1/items", {"items": [BAG]})
    to_seller, to_buyer = (f"/v1/partners/{api.members[name].hex()}/catalogue" for name in (SELLER, BUYER))
    assert (await api.call(BUYER, "GET", to_seller)).status == 404
    assert (await api.call(BUYER, "POST", f"{to_seller}/request", {"words": "紙袋"})).status == 201
    listed = (await api.call(SELLER, "GET", "/v1/catalogues")).json["offered"]
    assert [(one["state"], one["asked"], one["policy"]) for one in listed] == [("asked", True, "by_hand")]
    assert (await api.call(SELLER, "PUT", f"{to_buyer}/policy", {"policy": "automatic"})).status == 200
    assert (await api.call(SELLER, "POST", to_buyer, {})).status == 201
    found = (await api.call(BUYER, "GET", to_seller)).json
    assert [item["price"]["value"] for item in found["items"]] == [{"value": 4800}]
    assert (await api.call(STRANGER, "GET", to_seller)).status == 404
    assert (await api.call(SELLER, "POST", f"{to_buyer}/withdrawal", {})).status == 201
    assert (await api.call(BUYER, "GET", to_seller)).status == 404
    assert (await api.call(BUYER, "GET", f"{to_seller}?day=2026-02-30")).status == 422


async def test_messages_talks_and_advice(api: Api) -> None:
    document = await api.send("PO-1")
    message = {"text": "単価の相談です。", "kind": "price_talk", "price": {"value": {"value": 250}}}
    path = f"/v1/threads/{document}/messages"
    assert (await api.call(SELLER, "POST", path, message)).status == 201
    assert (await api.call(STRANGER, "POST", path, message)).status == 404
    (talk,) = (await api.call(BUYER, "GET", "/v1/price-talks")).json["talks"]
    assert (talk["text"], talk["answered"], talk["mine"]) == ("単価の相談です。", False, False)
    assert (await api.call(STRANGER, "GET", "/v1/price-talks")).json["talks"] == []
    (note,) = (await api.call(BUYER, "GET", f"/v1/threads/{document}/advice")).json["advice"]
    assert note["text"].startswith("取適法の助言:")
    assert (await api.call(STRANGER, "GET", f"/v1/threads/{document}/advice")).status == 404
    paper = {"type": "order", "body": plain(order("PO-2"))}
    english = (await api.call(BUYER, "POST", "/v1/advice?lang=en", paper)).json["advice"]
    assert english[0]["rule"] == "取適法4条"
    assert "due date" in english[0]["text"]
    assert (await api.call(BUYER, "POST", "/v1/advice", {"type": "poem", "body": {}})).status == 422
