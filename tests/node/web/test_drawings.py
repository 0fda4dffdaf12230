"""The pages of drawings: brought, shown to a partner, opened there, replaced, withdrawn; both languages."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image

from node.services.drawings import keeping, receiving
from tests.node import drawing_town
from tests.node.web.harness import Browser, Shown, Web, serving

OTHER = "花咲堂"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(out, "PNG")
    return out.getvalue()


async def bring(browser: Browser, path: str, data: bytes, name: str = "AB-1203.png", **fields: str) -> Shown:
    page = await browser.get(path)
    form: Any = FormData()
    for key, value in {**page.fields(path), **fields, "csrf": page.csrf}.items():
        form.add_field(key, value)
    form.add_field("file", data, filename=name, content_type="application/octet-stream")
    return await browser.ask("POST", path, data=form)


@pytest.fixture
async def firm(tmp_path: Path) -> Any:
    async with serving(tmp_path) as web:
        other = web.town.enrol(OTHER)
        web.add_user("hanasaka", "owner", other)
        yield web, other


async def test_the_whole_way(firm: tuple[Web, bytes]) -> None:
    web, other = firm
    owner, reader = await web.logged_in("owner"), await web.logged_in("hanasaka")
    assert "まだありません" in (await owner.get("/drawings")).plain
    wrong = await bring(owner, "/drawings/new", b"", number="", title="ブラケット")
    assert wrong.status == 422
    came = await bring(owner, "/drawings/new", picture(), number="AB-1203", title="ブラケット")
    assert came.status == 303, came.plain
    here = came.location
    page = await owner.get(here)
    assert "AB-1203" in page.heading
    refused = await owner.post(f"{here}/readers", {"may": "view", "other": "9" * 13}, csrf=page.csrf)
    assert refused.status == 422
    saved = await owner.post(f"{here}/readers", {"may": "view", "other": other.hex()}, csrf=page.csrf, follow=True)
    assert OTHER in saved.plain
    assert "まだ開かれていません" in saved.plain
    listed = await reader.get("/drawings")
    (link,) = {part.split('"')[0] for part in listed.text.split('href="') if part.startswith("/drawings/versions/")}
    shown = await reader.get(link)
    assert "透かし" in shown.plain
    opened = await reader.post(f"{link}/open", {"how": "view"}, csrf=shown.csrf)
    assert (opened.status, opened.headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(opened.body)).size == (400, 300)
    assert opened.body != picture()
    assert (await reader.post(f"{link}/open", {"how": "file"}, csrf=shown.csrf)).status == 422
    seen = await owner.get(here)
    assert "hanasaka が開封" in seen.plain
    again = await bring(owner, f"{here}/next", picture(), number="AB-1203", title="ブラケット改")
    assert again.location == here
    assert "新しい版があります" in (await reader.get(link)).plain
    fields = (await owner.get(here)).text.split('name="version" value="')
    version = fields[-1].split('"')[0]
    gone = await owner.post(
        f"{here}/withdraw", {"version": version, "reader": other.hex()}, csrf=page.csrf, follow=True
    )
    assert "取りやめ" in gone.plain
    town = web.town
    (left,) = town.see(lambda tx: receiving.left_to_delete(town.house, tx, 9))
    town.do(lambda tx: receiving.confirm_deleted(town.house, tx, left.version, left.reader))
    assert "削除済み" in (await owner.get(here)).plain
    assert "取りやめました" in (await reader.get(f"/drawings/versions/{version}")).plain
    assert (await reader.post(f"/drawings/versions/{version}/open", {"how": "view"}, csrf=shown.csrf)).status == 422


async def test_in_english_and_for_a_viewer(firm: tuple[Web, bytes]) -> None:
    web, other = firm
    member = next(row.member for row in web.town.see(lambda tx: tx.members.all(local=True)) if row.member != other)
    version = await drawing_town.publish(web.context, member, b"%PDF-1.4")
    viewer = await web.logged_in("viewer")
    page = await viewer.get("/drawings?lang=en")
    assert "Drawings & specifications" in page.plain
    assert "Bring a file" not in page.plain
    shelf = web.town.see(lambda tx: keeping.shelves(tx, member))[0]
    assert "Nobody but you can read this version." in (await viewer.get(f"/drawings/{shelf.drawing.hex()}")).plain
    assert (await viewer.ask("GET", f"/drawings/versions/{version.hex()}")).location.endswith(shelf.drawing.hex())
    assert (await viewer.ask("GET", "/drawings/new")).status == 403


async def test_what_is_another_firms(firm: tuple[Web, bytes]) -> None:
    web, other = firm
    version = await drawing_town.publish(web.context, other, b"%PDF-1.4")
    drawing = web.town.see(lambda tx: keeping.shelves(tx, other))[0].drawing
    owner = await web.logged_in("owner")
    csrf = (await owner.get("/drawings")).csrf
    foreign = await owner.ask("GET", f"/drawings/{drawing.hex()}")
    assert (foreign.status, foreign.body) == (404, (await owner.ask("GET", f"/drawings/{'0' * 32}")).body)
    for path in (f"/drawings/{drawing.hex()}/readers", f"/drawings/versions/{version.hex()}/open"):
        assert (await owner.post(path, {"other": other.hex(), "how": "file"}, csrf=csrf)).status == 404
    assert (await bring(owner, "/drawings/new", b"x", number="1", title="t")).status == 303
