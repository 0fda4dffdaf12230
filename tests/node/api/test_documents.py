"""Send, search and read over the API."""

from typing import Any

from tests.node.api.town import BUYER, SELLER, STRANGER, Api, plain
from tests.node.services.town import accept_order, order


async def test_an_order_is_sent_and_read_by_both_sides(api: Api) -> None:
    sent = await api.call(BUYER, "POST", "/v1/documents", {"documents": [api.submission("PO-1")]})
    assert sent.status == 201
    made = sent.json["documents"][0]
    assert made["verdict"] == "applied"
    assert made["thread"] == made["id"]
    mine = (await api.call(BUYER, "GET", f"/v1/documents/{made['id']}")).json
    theirs = (await api.call(SELLER, "GET", f"/v1/documents/{made['id']}")).json
    assert mine["document"]["direction"] == "sent"
    assert theirs["document"]["direction"] == "received"
    assert mine["body"] == theirs["body"] == plain(order("PO-1"))
    assert mine["document"]["partner_name"] == SELLER
    assert mine["document"]["marks"]["received"]["verdict"] == "applied"
    assert mine["document"]["marks"]["processed"] is None


async def test_an_answer_goes_on_with_the_dealing_and_marks_the_order_processed(api: Api) -> None:
    order_id = await api.send("PO-1")
    body = plain(accept_order("A-1", order("PO-1")))
    answer = {"type": "order_response", "to": api.members[BUYER].hex(), "thread": order_id, "body": body}
    done = await api.call(SELLER, "POST", "/v1/documents", {"documents": [answer]})
    assert done.status == 201, done.body
    seen = (await api.call(BUYER, "GET", f"/v1/documents/{order_id}")).json
    assert seen["document"]["marks"]["processed"] == done.json["documents"][0]["id"]
    thread = (await api.call(BUYER, "GET", f"/v1/threads/{order_id}")).json
    assert thread["thread"]["state"] == "accepted"
    assert [item["type"] for item in thread["documents"]] == ["order", "order_response"]
    assert thread["state"]["lines"][0]["accepted"] == 12 * 10**9


async def test_all_of_a_request_is_stored_or_none(api: Api) -> None:
    wrong = api.submission("PO-2")
    wrong["body"]["lines"][0]["amount"] = 7
    answer = await api.call(BUYER, "POST", "/v1/documents", {"documents": [api.submission("PO-1"), wrong]})
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["field"].startswith("documents[1].body.lines[0]")
    assert answer.json["kept"] == "nothing was stored"
    assert (await api.call(BUYER, "GET", "/v1/documents")).json["documents"] == []


async def test_a_single_wrong_paper_is_named_with_its_place_too(api: Api) -> None:
    wrong = api.submission("PO-2")
    wrong["body"]["lines"][0]["amount"] = 7
    answer = await api.call(BUYER, "POST", "/v1/documents", {"documents": [wrong]})
    assert answer.json["field"].startswith("documents[0].body.lines[0]")


async def test_250_orders_in_one_request_and_one_signature(api: Api) -> None:
    items = [api.submission(f"PO-{at}") for at in range(250)]
    answer = await api.call(BUYER, "POST", "/v1/documents", {"documents": items, "together": True})
    assert answer.status == 201
    ids = [made["id"] for made in answer.json["documents"]]
    assert len(set(ids)) == 250
    more = await api.call(BUYER, "POST", "/v1/documents", {"documents": [*items, items[0]]})
    assert more.status == 422
    assert more.json["field"] == "documents"


async def test_what_is_wrong_is_named(api: Api) -> None:
    good = api.submission("PO-1")
    cases: list[tuple[dict[str, Any], str]] = [
        ({**good, "type": "ordr"}, "documents[0].type"),
        ({**good, "to": "nobody"}, "documents[0].to"),
        ({**good, "to": "1" * 13}, "documents[0].to"),
        ({**good, "thread": "zz"}, "documents[0].thread"),
        ({**good, "follows": ["zz"]}, "documents[0].follows[0]"),
        ({**good, "attachments": [{"root": "0" * 64}]}, "documents[0].attachments[0].root"),
        ({**good, "colour": "red"}, "documents[0]"),
        ({**good, "body": {**good["body"], "currency": 5}}, "documents[0].body.currency"),
        ({**good, "body": {**good["body"], "number": 1.0}}, "documents[0].body.number"),
    ]
    for item, field in cases:
        answer = await api.call(BUYER, "POST", "/v1/documents", {"documents": [item]})
        assert answer.status in (404, 422), (field, answer.body)
        assert answer.json["field"] == field
        assert answer.json["rule"]
    assert (await api.call(BUYER, "GET", "/v1/documents")).json["documents"] == []


async def test_integers_are_written_as_integers(api: Api) -> None:
    item = api.submission("PO-1")
    item["body"]["lines"][0]["amount"] = 2880.0
    answer = await api.call(BUYER, "POST", "/v1/documents", {"documents": [item]})
    assert answer.status == 422
    assert answer.json["field"] == "documents[0].body.lines[0].amount"


async def test_bodies_that_are_no_json_or_not_said_to_be(api: Api) -> None:
    assert (await api.call(BUYER, "POST", "/v1/documents", raw=b"{")).status == 400
    assert (await api.call(BUYER, "POST", "/v1/documents", raw=b"\xff")).status == 400
    deep = b'{"documents":[{"type":"order","to":"x","body":' + b"[" * 200_000
    assert (await api.call(BUYER, "POST", "/v1/documents", raw=deep)).status == 400
    wrong = await api.call(BUYER, "POST", "/v1/documents", raw=b"{}", headers={"Content-Type": "text/plain"})
    assert wrong.status == 415
    packed = await api.call(BUYER, "POST", "/v1/documents", raw=b"{}", headers={"Content-Encoding": "gzip"})
    assert packed.status == 415
    assert packed.json["code"] == "content-encoding"


async def test_search_filters_and_pages(api: Api) -> None:
    for at in range(5):
        await api.send(f"PO-{at}")
    await api.send("PO-S", to=STRANGER)
    page = (await api.call(BUYER, "GET", "/v1/documents?limit=4")).json
    assert [item["number"] for item in page["documents"]] == ["PO-S", "PO-4", "PO-3", "PO-2"]
    rest = (await api.call(BUYER, "GET", f"/v1/documents?limit=4&before={page['next']}")).json
    assert [item["number"] for item in rest["documents"]] == ["PO-1", "PO-0"]
    assert rest["next"] == 0
    partner = api.members[STRANGER].hex()
    one = (await api.call(BUYER, "GET", f"/v1/documents?partner={partner}&direction=sent&type=order")).json
    assert [item["number"] for item in one["documents"]] == ["PO-S"]
    dated = (await api.call(BUYER, "GET", "/v1/documents?since=2026-10-05&until=2026-10-05")).json["documents"]
    assert len(dated) == 6
    assert (await api.call(BUYER, "GET", "/v1/documents?since=2026-10-06")).json["documents"] == []
    assert (await api.call(BUYER, "GET", "/v1/documents?since=5.10.2026")).json["field"] == "since"
    assert (await api.call(BUYER, "GET", "/v1/documents?colour=red")).status == 422
    assert (await api.call(BUYER, "GET", "/v1/documents?limit=0")).json["field"] == "limit"


async def test_search_by_words_sees_own_documents_only(api: Api) -> None:
    from node.services import indexing

    wanted = await api.send("PO-1")
    api.town.do(indexing.catch_up)
    found = (await api.call(BUYER, "GET", "/v1/documents?text=抹茶")).json["documents"]
    assert [item["id"] for item in found] == [wanted]
    assert (await api.call(BUYER, "GET", "/v1/documents?text=紅茶")).json["documents"] == []
    assert (await api.call(STRANGER, "GET", "/v1/documents?text=抹茶")).json["documents"] == []


async def test_a_document_that_did_not_change_is_not_sent_again(api: Api) -> None:
    document = await api.send("PO-1")
    first = await api.call(BUYER, "GET", f"/v1/documents/{document}")
    again = await api.call(BUYER, "GET", f"/v1/documents/{document}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    assert again.body == b""


async def test_the_proof_proves(api: Api) -> None:
    from protocol import proof

    document = await api.send("PO-1")
    data = await api.call(SELLER, "GET", f"/v1/documents/{document}/proof")
    assert data.status == 200
    proven = proof.verify(data.body)
    assert proven.document.id.hex() == document
    assert proven.document.header.author == api.members[BUYER]
    assert proven.receipt is not None
    assert proven.receipt.leaf.verdict == "applied"
