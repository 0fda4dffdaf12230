"""The SME Common EDI over the API: an order comes in, its answer goes out and on, in the right dealing."""

from __future__ import annotations

from lxml import etree
from msgspec.structs import replace

from node.papers import sme
from protocol.process.trade.papers import Order, OrderResponse, Party
from tests.node.api.town import BUYER, SELLER, Api
from tests.node.papers import full, full_sme

MEDIA = {"Content-Type": "application/xml"}


def _order() -> Order:
    return Order(
        number="SME-1",
        issue_date="2026-11-22",
        currency="JPY",
        buyer=Party(name=BUYER),
        seller=Party(name=SELLER),
        lines=full.order().lines[1:],
    )


async def test_an_order_and_its_answer_go_through(api: Api) -> None:
    to, back = api.members[SELLER].hex(), api.members[BUYER].hex()
    xml = b"\xef\xbb\xbf" + sme.write(_order())
    sent = await api.call(BUYER, "POST", f"/v1/documents/sme?to={to}", raw=xml, headers=MEDIA)
    assert sent.status == 201, sent.body
    order = sent.json["documents"][0]
    out = await api.call(SELLER, "GET", f"/v1/documents/{order['id']}/sme")
    assert out.status == 200
    assert sme.validate(out.body) == []
    assert sme.read(out.body).body.number == "SME-1"
    shown = await api.call(SELLER, "GET", f"/v1/documents/{order['id']}")
    assert shown.json["links"]["sme"] == f"/v1/documents/{order['id']}/sme"

    answer = OrderResponse(
        number="SME-R1",
        issue_date="2026-11-23",
        response="accepted",
        order="SME-1",
        buyer=Party(name=BUYER),
        seller=Party(name=SELLER),
    )
    answered = await api.call(SELLER, "POST", f"/v1/documents/sme?to={back}", raw=sme.write(answer), headers=MEDIA)
    assert answered.status == 201, answered.body
    assert answered.json["documents"][0]["thread"] == order["thread"]


async def test_an_answer_repeats_what_was_ordered(api: Api) -> None:
    to, back = api.members[SELLER].hex(), api.members[BUYER].hex()
    sent = await api.call(BUYER, "POST", f"/v1/documents/ubl?to={to}", raw=sme.write(_order()), headers=MEDIA)
    assert sent.status == 201, "the root element tells the format"
    body = {
        "to": back,
        "type": "order_response",
        "thread": sent.json["documents"][0]["thread"],
        "body": {
            "number": "R-2",
            "issue_date": "2026-11-23",
            "response": "accepted",
            "order": "SME-1",
            "buyer": {"name": BUYER},
            "seller": {"name": SELLER},
        },
    }
    answered = await api.call(SELLER, "POST", "/v1/documents", {"documents": [body]})
    assert answered.status == 201, answered.body
    out = await api.call(BUYER, "GET", f"/v1/documents/{answered.json['documents'][0]['id']}/sme")
    root = etree.fromstring(out.body)
    assert [one.text for one in root.iter("{*}RequestedQuantity")] == ["1"]
    assert sme.validate(out.body) == []


async def test_what_belongs_to_nothing_here_is_refused_by_name(api: Api) -> None:
    to = api.members[BUYER].hex()
    advice = replace(full_sme.despatch_advice(), order="NONE-1")
    lost = await api.call(SELLER, "POST", f"/v1/documents/sme?to={to}", raw=sme.write(advice), headers=MEDIA)
    assert (lost.status, lost.json["field"]) == (422, "thread")
    other = await api.call(SELLER, "POST", f"/v1/documents/sme?to={to}", raw=b"<SMEOrder/>", headers=MEDIA)
    assert other.status == 400
