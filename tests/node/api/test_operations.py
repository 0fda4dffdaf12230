"""Everything beside documents: problems, the OpenAPI page, feed, held, attachments, health, metrics."""

import asyncio
import re
from pathlib import Path

import node.papers.ubl
from node.api.member.app import OPERATIONS, describe
from tests.node.api.town import BUYER, SELLER, STRANGER, Api

SAMPLES = Path(node.papers.ubl.__file__).parent / "samples"


async def test_unknown_paths_and_methods_are_problems(api: Api) -> None:
    missing = await api.call(BUYER, "GET", "/v1/nothing")
    assert (missing.status, missing.json["code"]) == (404, "not-found")
    wrong = await api.call(BUYER, "DELETE", "/v1/documents")
    assert wrong.status == 405
    assert "GET" in wrong.headers["Allow"]
    for answer in (missing, wrong):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_our_own_fault_shows_no_detail(api: Api) -> None:
    def broken() -> int:
        raise RuntimeError("secret detail")

    api.context.house.clock = broken
    answer = await api.call(BUYER, "GET", "/v1/me")
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert len(answer.json["incident"]) == 12


async def test_the_openapi_page_names_every_operation_and_no_loose_reference(api: Api) -> None:
    page = (await api.call("", "GET", "/v1/openapi.json")).json
    assert page["openapi"] == "3.1.1"
    listed = {(method, path) for path, item in page["paths"].items() for method in item}
    assert listed == {(operation.method.lower(), operation.path) for operation in OPERATIONS}
    names = [item["operationId"] for path in page["paths"].values() for item in path.values()]
    assert len(set(names)) == len(names)
    assert sorted(_references(page)) == sorted(set(_references(page)) & set(page["components"]["schemas"]))
    assert "Order" in page["components"]["schemas"]
    assert describe()["paths"] == page["paths"]
    dates = _dates(page)
    assert dates
    assert not [schema for schema in dates if "default" in schema]


def _dates(value: object) -> list[dict[str, object]]:
    """Every schema with a format: none may have a default that its format forbids."""
    found: list[dict[str, object]] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            found += [item] if "format" in item else []
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return found


async def test_a_fixed_path_is_not_covered_by_an_id(api: Api) -> None:
    answer = await api.call(BUYER, "GET", "/v1/documents/ubl")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def _references(value: object) -> list[str]:
    found: set[str] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if isinstance(item.get("$ref"), str):
                found.add(item["$ref"].rpartition("/")[2])
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return sorted(found)


async def test_the_feed_goes_forward_and_waits(api: Api) -> None:
    first = await api.send("PO-1")
    page = (await api.call(SELLER, "GET", "/v1/feed")).json
    assert [item["id"] for item in page["documents"]] == [first]
    waiting = asyncio.create_task(api.call(SELLER, "GET", f"/v1/feed?after={page['next']}&wait=20"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    second = await api.send("PO-2")
    news = (await asyncio.wait_for(waiting, 5)).json
    assert [item["id"] for item in news["documents"]] == [second]
    empty = (await api.call(SELLER, "GET", f"/v1/feed?after={news['next']}")).json
    assert empty == {"documents": [], "next": news["next"]}
    assert (await api.call(SELLER, "GET", "/v1/feed?direction=sent")).json["documents"] == []
    assert (await api.call(SELLER, "GET", "/v1/feed?direction=up")).json["field"] == "direction"


async def test_a_closing_node_lets_waiters_go(api: Api) -> None:
    waiting = asyncio.create_task(api.call(SELLER, "GET", "/v1/feed?wait=60"))
    await asyncio.sleep(0.05)
    api.context.arrivals.close()
    assert (await asyncio.wait_for(waiting, 5)).status == 200
    assert (await api.call("", "GET", "/ready")).status == 503


async def test_a_second_document_with_one_number_waits_for_a_person(api: Api) -> None:
    first = await api.send("PO-1")
    answer = await api.call(BUYER, "POST", "/v1/documents", {"documents": [api.submission("PO-1")]})
    second = answer.json["documents"][0]
    assert second["verdict"] == "held"
    held = (await api.call(BUYER, "GET", "/v1/held")).json["held"]
    assert [(item["document"]["id"], item["first"]) for item in held] == [(second["id"], first)]
    path = f"/v1/held/{second['id']}/decision"
    wrong = await api.call(BUYER, "POST", path, {"decision": "maybe"})
    assert wrong.json["field"] == "decision"
    assert (await api.call(STRANGER, "POST", path, {"decision": "refuse"})).status == 404
    done = await api.call(BUYER, "POST", path, {"decision": "refuse", "note": "sent twice"})
    assert (done.status, done.json["verdict"]) == (200, "refused")
    again = await api.call(BUYER, "POST", path, {"decision": "refuse"})
    assert (again.status, again.json["code"]) == (422, "decided")
    shown = (await api.call(BUYER, "GET", f"/v1/documents/{second['id']}")).json
    assert [(made["decision"], made["note"], made["by"]) for made in shown["decisions"]] == [
        ("refuse", "sent twice", "test")
    ]


async def test_an_attachment_goes_up_in_any_order_and_comes_down(api: Api) -> None:
    data = bytes(range(256)) * 4096 + b"the end"
    begun = await api.call(BUYER, "POST", "/v1/attachments", {"size": len(data), "media_type": "application/pdf"})
    assert begun.status == 201
    upload, chunk = begun.json["upload"], begun.json["chunk_bytes"]
    assert begun.json["missing"] == [0, 1]
    path = f"/v1/attachments/uploads/{upload}"
    binary = {"Content-Type": "application/octet-stream"}
    early = await api.call(BUYER, "POST", f"{path}/complete")
    assert (early.status, early.json["code"]) == (422, "incomplete")
    assert (await api.call(BUYER, "PUT", f"{path}/1", raw=data[chunk:] + b"!", headers=binary)).status == 422
    assert (await api.call(BUYER, "PUT", f"{path}/7", raw=b"x", headers=binary)).status == 422
    assert (await api.call(BUYER, "PUT", f"{path}/1", raw=data[chunk:], headers=binary)).json["missing"] == [0]
    assert (await api.call(SELLER, "PUT", f"{path}/0", raw=data[:chunk], headers=binary)).status == 404
    assert (await api.call(BUYER, "PUT", f"{path}/0", raw=data[:chunk], headers=binary)).json["missing"] == []
    done = await api.call(BUYER, "POST", f"{path}/complete")
    root = done.json["root"]
    assert len(root) == 64
    assert (await api.call(SELLER, "GET", f"/v1/attachments/{root}/0")).status == 404
    sent = await api.call(
        BUYER, "POST", "/v1/documents", {"documents": [api.submission("PO-1", attachments=[{"root": root}])]}
    )
    assert sent.status == 201, sent.body
    document = (await api.call(SELLER, "GET", f"/v1/documents/{sent.json['documents'][0]['id']}")).json
    assert document["attachments"] == [
        {"root": root, "size": len(data), "media_type": "application/pdf", "complete": True}
    ]
    got = [await api.call(SELLER, "GET", f"/v1/attachments/{root}/{at}") for at in (0, 1)]
    assert b"".join(part.body for part in got) == data
    assert (await api.call(SELLER, "GET", f"/v1/attachments/{root}/2")).status == 404
    assert (await api.call(STRANGER, "GET", f"/v1/attachments/{root}/0")).status == 404


async def test_ubl_goes_in_and_comes_out(api: Api) -> None:
    xml = (SAMPLES / "order-02-one-line.xml").read_bytes()
    to = api.members[SELLER].hex()
    media = {"Content-Type": "application/xml"}
    sent = await api.call(BUYER, "POST", f"/v1/documents/ubl?to={to}", raw=xml, headers=media)
    assert sent.status == 201, sent.body
    assert sent.json["warnings"] == []
    out = await api.call(SELLER, "GET", f"/v1/documents/{sent.json['documents'][0]['id']}/ubl")
    assert out.status == 200
    assert out.body.startswith(b"<?xml")
    number = (await api.call(SELLER, "GET", "/v1/documents")).json["documents"][0]["number"]
    assert number.encode() in out.body
    name = b"urn:oasis:names:specification:ubl:schema:xsd:Order-2"
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Order xmlns="' + name + b'">&a;</Order>'
    refused = await api.call(BUYER, "POST", f"/v1/documents/ubl?to={to}", raw=bomb, headers=media)
    assert refused.status == 400
    lost = await api.call(BUYER, "POST", "/v1/documents/ubl", raw=xml, headers=media)
    assert (lost.status, lost.json["field"]) == (404, "to")


async def test_bills_as_ubl_find_their_dealing_and_tell_what_is_odd(api: Api) -> None:
    media = {"Content-Type": "application/xml"}
    seller, buyer = api.members[SELLER].hex(), api.members[BUYER].hex()
    order = (SAMPLES / "order-02-one-line.xml").read_bytes()
    ordered = await api.call(BUYER, "POST", f"/v1/documents/ubl?to={seller}", raw=order, headers=media)
    number = re.search(rb"<cbc:ID>([^<]+)<", order)
    assert number is not None
    bill = (SAMPLES / "invoice-01-mixed-rates.xml").read_bytes()
    bill = bill.replace(
        b"<cac:AccountingSupplierParty>",
        b"<cac:OrderReference><cbc:ID>" + number[1] + b"</cbc:ID></cac:OrderReference><cac:AccountingSupplierParty>",
        1,
    )
    odd = bill.replace(b"<cbc:CompanyID>T7990100000001<", b"<cbc:CompanyID>T1234567890123<")
    sent = await api.call(SELLER, "POST", f"/v1/documents/ubl?to={buyer}", raw=odd, headers=media)
    assert sent.status == 201, sent.body
    assert "T1234567890123" in sent.json["warnings"][0]["rule"]
    assert sent.json["documents"][0]["thread"] == ordered.json["documents"][0]["thread"]
    name = sent.json["documents"][0]["id"]
    shown = await api.call(BUYER, "GET", f"/v1/documents/{name}")
    assert shown.json["links"]["ubl"] == f"/v1/documents/{name}/ubl"
    out = await api.call(BUYER, "GET", f"/v1/documents/{name}/ubl?form=jp-pint")
    assert b"urn:peppol:pint:billing-1@jp-1" in out.body
    wrong = odd.replace(b'TaxAmount currencyID="JPY">99<', b'TaxAmount currencyID="JPY">90<')
    refused = await api.call(SELLER, "POST", f"/v1/documents/ubl?to={buyer}", raw=wrong, headers=media)
    assert (refused.status, refused.json["field"]) == (422, "documents[0].body.taxes[0].tax")


async def test_deliveries_as_ubl_find_their_dealing(api: Api) -> None:
    media = {"Content-Type": "application/xml"}
    seller, buyer = api.members[SELLER].hex(), api.members[BUYER].hex()
    order = (SAMPLES / "order-02-one-line.xml").read_bytes()
    await api.call(BUYER, "POST", f"/v1/documents/ubl?to={seller}", raw=order, headers=media)
    for sender, to, name in ((SELLER, buyer, "despatch-01-first-part"), (BUYER, seller, "receipt-01-partial")):
        advice = (SAMPLES / f"{name}.xml").read_bytes()
        lost = await api.call(sender, "POST", f"/v1/documents/ubl?to={to}", raw=advice, headers=media)
        assert (lost.status, lost.json["field"]) == (422, "thread")
        advice = advice.replace(b"<cbc:ID>TY-1<", b"<cbc:ID>KY-0007<")
        found = await api.call(sender, "POST", f"/v1/documents/ubl?to={to}", raw=advice, headers=media)
        assert (found.status, found.json["rule"]) == (409, "the order has no line 10")  # of the dealing that it found


async def test_the_directory_finds_by_name_and_number(api: Api) -> None:
    found = (await api.call(BUYER, "GET", "/v1/directory?q=花咲")).json["members"]
    assert [card["name"] for card in found] == [SELLER]
    assert (await api.call(BUYER, "GET", "/v1/directory?corporate_number=9999999999999")).json["members"] == []


async def test_health_readiness_and_numbers(api: Api) -> None:
    assert (await api.call("", "GET", "/health")).json == {"status": "ok"}
    assert (await api.call("", "GET", "/ready")).json == {"status": "ok"}
    await api.send("PO-1")
    await api.call(BUYER, "GET", "/v1/documents/" + "0" * 64)
    assert (await api.call("", "GET", "/metrics")).status == 401
    assert (await api.call(BUYER, "GET", "/metrics")).status == 403
    page = (await api.call("", "GET", "/metrics", token=api.token(""))).body.decode()
    assert 'yui_http_requests_total{method="GET",route="/v1/documents/{document}",status="404"} 1.0' in page
    assert "yui_documents_stored 1.0" in page
    assert "0" * 64 not in page
    api.context.house.frozen = "another copy"
    assert (await api.call("", "GET", "/ready")).json == {"status": "frozen"}
