"""Drawings over the API: published from an upload, given, opened; what is wrong is named."""

from __future__ import annotations

from pathlib import Path

from protocol.process.trade.papers import Reference
from tests.node.api.town import BUYER, SELLER, STRANGER, Api, plain
from tests.node.services.town import order

BYTES = {"Content-Type": "application/octet-stream"}


async def upload(api: Api, who: str, data: bytes, media_type: str) -> str:
    begun = await api.call(who, "POST", "/v1/attachments", {"size": len(data), "media_type": media_type})
    path = f"/v1/attachments/uploads/{begun.json['upload']}"
    await api.call(who, "PUT", f"{path}/0", raw=data, headers=BYTES)
    return str((await api.call(who, "POST", f"{path}/complete")).json["root"])


async def published(api: Api, **more: object) -> dict[str, object]:
    root = await upload(api, BUYER, b"0\nEOF\n", "image/vnd.dxf")
    given = {"attachment": root, "number": "AB-1", "title": "ブラケット", "name": "AB-1.dxf", **more}
    answer = await api.call(BUYER, "POST", "/v1/drawings", given)
    assert answer.status == 200, answer.body
    return dict(answer.json)


async def test_published_given_opened_withdrawn(api: Api) -> None:
    made = await published(api, readers=[{"to": api.members[SELLER].hex()}])
    (given,) = (await api.call(SELLER, "GET", "/v1/received-drawings")).json["drawings"]
    assert (given["number"], given["may"], given["here"], given["owner_name"]) == ("AB-1", "file", True, BUYER)
    path = f"/v1/received-drawings/{given['hash']}"
    opened = await api.call(SELLER, "POST", f"{path}/open?person=花咲")
    assert (opened.status, opened.body) == (200, b"0\nEOF\n")
    assert opened.headers["Content-Disposition"].startswith('attachment; filename="AB-1.dxf"')
    refused = await api.call(SELLER, "POST", f"{path}/open?how=view")
    assert (refused.status, refused.json["code"]) == (422, "no-preview")
    seen = (await api.call(BUYER, "GET", f"/v1/drawings/{made['drawing']}")).json["versions"][0]["readers"][0]
    assert [(fact["times"], fact["how"], fact["person"]) for fact in seen["readings"]] == [(1, "file", "花咲")]
    reader = f"/v1/drawings/{made['drawing']}/readers/{api.members[SELLER].hex()}"
    assert (await api.call(BUYER, "PUT", reader, {"may": "nothing"})).status == 200
    again = await api.call(SELLER, "POST", f"{path}/open")
    assert (again.status, again.json["code"]) == (422, "withdrawn")
    assert (await api.call(STRANGER, "POST", f"{path}/open")).status == 404


async def test_a_paper_that_points_at_a_drawing_lets_its_recipient_read(api: Api) -> None:
    made = await published(api)
    paper = order("PO-7")
    reference = Reference(kind="other", number="AB-1 v1", description="ブラケット", uri=f"yui:drawing:{made['hash']}")
    body = {**plain(paper), "references": [plain(reference)]}  # type: ignore[arg-type]
    item = {"type": "order", "to": api.members[SELLER].hex(), "body": body}
    assert (await api.call(STRANGER, "POST", "/v1/documents", {"documents": [item]})).status == 422
    assert (await api.call(BUYER, "POST", "/v1/documents", {"documents": [item]})).status == 201
    (given,) = (await api.call(SELLER, "GET", "/v1/received-drawings")).json["drawings"]
    assert given["hash"] == made["hash"]


async def test_what_is_wrong_is_named(api: Api, tmp_path: Path) -> None:
    root = await upload(api, BUYER, b"x", "text/plain")
    right = {"attachment": root, "number": "1", "title": "t", "name": "a.txt"}
    for change, field in (
        ({"attachment": "0" * 64}, "attachment"),
        ({"name": "../a"}, "name"),
        ({"readers": [{"to": "1" * 13}]}, "readers"),
        ({"readers": [{"to": api.members[BUYER].hex()}]}, "reader"),
        ({"number": ""}, "number"),
    ):
        answer = await api.call(BUYER, "POST", "/v1/drawings", {**right, **change})
        assert answer.status in (404, 422), (change, answer.body)
        assert field in answer.body.decode(), (change, answer.body)
    made = await published(api)
    reader = f"/v1/drawings/{made['drawing']}/readers/{api.members[SELLER].hex()}"
    assert (await api.call(BUYER, "PUT", reader, {"may": "view"})).json["code"] == "no-preview"
    assert (await api.call(BUYER, "PUT", reader, {"may": "file", "version": 9})).status == 422
    assert (await api.call(BUYER, "PUT", reader, {"may": "nothing"})).status == 404
