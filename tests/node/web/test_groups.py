"""The pages of groups: founded, invited, joined, talked in, left; who may what; another firm's is none."""

from __future__ import annotations

from pathlib import Path

from tests.node.web.harness import serving


async def test_the_whole_way(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        other, stranger = web.town.enrol("花咲堂"), web.town.enrol("よその店")
        web.add_user("hanasaka", "owner", other)
        web.add_user("stranger", "owner", stranger)
        owner, guest = await web.logged_in("owner"), await web.logged_in("hanasaka")
        page = await owner.get("/groups")
        assert (await owner.post("/groups", {"name": ""}, csrf=page.csrf)).status == 422
        made = await owner.post("/groups", {"name": "和菓子の会"}, csrf=page.csrf)
        here = made.location
        assert made.status == 303
        refused = await owner.post(f"{here}/act", {"kind": "invite", "firm": "9" * 13}, csrf=page.csrf)
        assert refused.status == 422
        await owner.post(f"{here}/act", {"kind": "invite", "firm": other.hex()}, csrf=page.csrf)
        assert "招待済" in (await guest.get("/groups")).plain
        csrf = (await guest.get(here)).csrf
        assert (await guest.post(f"{here}/say", {"kind": "message", "text": "?"}, csrf=csrf)).status == 422
        joined = await guest.post(f"{here}/act", {"kind": "join"}, csrf=csrf, follow=True)
        assert "参加しました" in joined.plain
        said = await guest.post(f"{here}/say", {"kind": "message", "text": "来月の小豆"}, csrf=csrf, follow=True)
        assert "来月の小豆" in said.plain
        assert (await guest.post(f"{here}/say", {"kind": "announcement", "text": "!"}, csrf=csrf)).status == 422
        assert (await guest.post(f"{here}/act", {"kind": "dissolve"}, csrf=csrf)).status == 422
        assert (await guest.post(f"{here}/act", {"kind": "nonsense"}, csrf=csrf)).status == 404
        assert "来月の小豆" in (await owner.get(f"{here}?lang=en")).plain
        viewer = await web.logged_in("viewer")
        token = (await viewer.get(here)).csrf
        assert (await viewer.post(f"{here}/say", {"kind": "message", "text": "?"}, csrf=token)).status == 403
        clerk = await web.logged_in("clerk")
        token = (await clerk.get(here)).csrf
        assert (await clerk.post(f"{here}/act", {"kind": "leave"}, csrf=token)).status == 403
        third = await web.logged_in("stranger")
        foreign = await third.ask("GET", here)
        assert (foreign.status, foreign.body) == (404, (await third.ask("GET", f"/groups/{'0' * 64}")).body)
        left = await guest.post(f"{here}/act", {"kind": "leave"}, csrf=csrf, follow=True)
        assert "退会しました" in left.plain
        await owner.post(f"{here}/say", {"kind": "message", "text": "あとの話"}, csrf=page.csrf)
        assert "あとの話" not in (await guest.get(here)).plain
