"""Invitations, roles, devices, the access log: what owners and everybody do about people."""

from __future__ import annotations

import re

import pytest

from node.services import joining
from node.web.pages.settings import device
from tests.node.web.harness import PASSWORD, Browser, Shown, Web


def link_of(shown: Shown) -> str:
    found = re.search(r'<code class="secret">http://[^/]+(/join/[^<]+)</code>', shown.text)
    assert found is not None, shown.plain
    return found[1]


async def invited(web: Web, role: str = "clerk", by: str = "owner") -> tuple[Browser, str]:
    browser = await web.logged_in(by)
    base = "/people" if by == "owner" else "/association/staff"
    await browser.get(base)
    shown = await browser.submit(base, {"note": "田中さん", "role": role})
    assert shown.status == 201
    return browser, link_of(shown)


def log_of(web: Web, member: bytes | None) -> list[str]:
    return [row.what for row in web.town.see(lambda tx: tx.access_log.latest(50)) if row.member == member]


async def test_somebody_joins_by_a_link_that_works_once(web: Web) -> None:
    owner, link = await invited(web)
    new = web.browser()
    page = await new.get(link)
    assert "ぶんぶく商店" in page.heading
    typed = {"shown_name": "田中", "name": " Tanaka ", "password": "short", "again": "short"}
    wrong = await new.submit(link, typed)
    assert (wrong.status, "12文字" in wrong.plain) == (422, True)
    assert wrong.fields(link)["name"] == " Tanaka "
    differ = await new.submit(link, {**typed, "password": PASSWORD, "again": PASSWORD + "x"})
    assert "同じ" in differ.plain
    taken = await new.submit(link, {**typed, "name": "owner", "password": PASSWORD, "again": PASSWORD})
    assert (taken.status, "使われています" in taken.plain) == (422, True)
    good = await new.submit(link, {**typed, "password": PASSWORD, "again": PASSWORD})
    assert (good.status, "田中" in good.plain) == (200, True)
    assert (await new.get("/people", follow=False)).status == 403
    assert (await web.browser().ask("GET", link)).status == 404
    assert (await web.browser().log_in("tanaka")).heading.startswith("今日")
    people = await owner.get("/people")
    assert "田中 tanaka 担当者" in people.plain
    assert {"invited", "joined", "login"} <= set(log_of(web, web.firms["ぶんぶく商店"]))
    log = await owner.get("/people/log")
    assert "招待を受けて登録" in log.plain


async def test_a_withdrawn_or_old_link_looks_like_none(web: Web) -> None:
    owner, link = await invited(web)
    listed = await owner.get("/people")
    found = re.search(r'action="(/people/invitations/[0-9a-f]{64}/withdraw)"', listed.text)
    assert found is not None
    await owner.submit(found[1], {})
    assert (await web.browser().ask("GET", link)).status == 404
    assert (await owner.post(found[1], csrf=listed.csrf)).status == 404
    _, second = await invited(web)
    web.town.now += joining.LIFETIME_US
    for path in (second, "/join/unknown"):
        shown = await web.browser().ask("GET", path)
        assert (shown.status, shown.heading) == (404, "ページが見つかりません。")


async def test_roles_fit_their_house(web: Web) -> None:
    owner = await web.logged_in("owner")
    csrf = (await owner.get("/people")).csrf
    for role in ("admin", "staff", "king", ""):
        assert (await owner.post("/people", {"note": "x", "role": role}, csrf=csrf)).status == 422
    assert (await owner.post("/people", {"note": "", "role": "clerk"}, csrf=csrf)).status == 422


async def test_the_last_owner_stays(web: Web) -> None:
    owner = await web.logged_in("owner")
    people = await owner.get("/people")
    found = re.search(r'href="(/people/[0-9a-f]{32})">owner<', people.text)
    assert found is not None
    await owner.get(found[1])
    refused = await owner.submit(found[1], {"role": "viewer"})
    assert (refused.status, "最後の代表者" in refused.plain) == (422, True)
    assert (await owner.submit(found[1] + "/stop", {})).status == 422
    web.add_user("second", "owner", web.firms["ぶんぶく商店"])
    await owner.get(found[1])
    assert (await owner.submit(found[1], {"role": "viewer"}, follow=False)).status == 303
    assert (await owner.ask("GET", "/people")).status == 403


async def test_a_stopped_person_is_out_at_once_and_comes_back(web: Web) -> None:
    owner, clerk = await web.logged_in("owner"), await web.logged_in("clerk")
    people = await owner.get("/people")
    found = re.search(r'href="(/people/[0-9a-f]{32})">clerk<', people.text)
    assert found is not None
    await owner.get(found[1])
    await owner.submit(found[1] + "/stop", {})
    assert (await clerk.ask("GET", "/")).status == 303
    refused = await web.browser().log_in("clerk")
    assert (refused.status, "違います" in refused.plain) == (422, True)
    await owner.get(found[1])
    await owner.submit(found[1] + "/stop", {})
    assert (await web.browser().log_in("clerk")).status == 200


async def test_who_lost_a_device_gets_a_link_and_the_finder_is_out(web: Web) -> None:
    owner, finder = await web.logged_in("owner"), await web.logged_in("viewer")
    people = await owner.get("/people")
    found = re.search(r'href="(/people/[0-9a-f]{32})">viewer<', people.text)
    assert found is not None
    await owner.get(found[1])
    link = link_of(await owner.submit(found[1] + "/recover", {}))
    assert (await finder.ask("GET", "/")).status == 200  # nothing changes before it is used
    back = web.browser()
    page = await back.get(link)
    assert "新しいパスワード" in page.heading
    await back.submit(link, {"password": PASSWORD + "2", "again": PASSWORD + "2"})
    assert (await finder.ask("GET", "/")).status == 303
    assert (await web.browser().log_in("viewer")).status == 422
    assert (await web.browser().log_in("viewer", PASSWORD + "2")).status == 200
    assert {"recovery-issued", "recovered"} <= set(log_of(web, web.firms["ぶんぶく商店"]))


async def test_another_firms_people_do_not_exist(web: Web) -> None:
    other = web.town.enrol("よその店")
    web.settle_in("よその店", other, "other-")
    (user,) = web.town.see(lambda tx: [row for row in tx.users.all() if row.name == "other-clerk"])
    owner = await web.logged_in("owner")
    csrf = (await owner.get("/people")).csrf
    unknown = await owner.ask("GET", f"/people/{'0' * 32}")
    for path in (f"/people/{user.id.hex()}", "/people/zz"):
        shown = await owner.ask("GET", path)
        assert (shown.status, shown.plain) == (404, unknown.plain)
    for end in ("", "/stop", "/recover"):
        body = {"role": "viewer", "stop": "1"}
        assert (await owner.post(f"/people/{user.id.hex()}{end}", body, csrf=csrf)).status == 404
    assert web.town.see(lambda tx: tx.users.get(user.id)) == user
    assert "よその店" not in (await owner.get("/people/log")).plain


async def test_own_settings_password_and_devices(web: Web) -> None:
    here, elsewhere = await web.logged_in("clerk"), await web.logged_in("clerk")
    await here.get("/settings")
    wrong = await here.submit("/settings", {"shown_name": "", "email": "nowhere"})
    assert (wrong.status, "nowhere" in wrong.text) == (422, True)
    nowhere = await here.submit("/settings", {"shown_name": "鈴木", "email": "", "zone": "Mars/Olympus"})
    assert (nowhere.status, "表示されている中から" in nowhere.plain) == (422, True)
    saved = await here.submit(
        "/settings", {"shown_name": "鈴木", "email": "suzuki@example.jp", "zone": "Europe/Berlin"}
    )
    assert re.search(r"\d\d:\d\d CES?T", saved.plain)
    assert "保存しました" in saved.plain
    assert "鈴木" in saved.plain
    no = await here.submit("/settings/password", {"old": "wrong", "password": PASSWORD, "again": PASSWORD})
    assert (no.status, "パスワードが違います" in no.plain) == (422, True)
    new = {"old": PASSWORD, "password": PASSWORD + "3", "again": PASSWORD + "3"}
    assert (await here.submit("/settings/password", new)).status == 200
    assert (await elsewhere.ask("GET", "/")).status == 303
    second = await web.logged_in("clerk")
    shown = await here.get("/settings")
    found = re.search(r'action="(/settings/sessions/[0-9a-f]{64}/end)"', shown.text)
    assert found is not None
    stranger = await web.logged_in("owner")
    assert (await stranger.post(found[1], csrf=stranger.last.csrf)).status == 404
    await here.submit(found[1], {})
    assert (await second.ask("GET", "/")).status == 303


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Safari/604", "Safari, iPhone"),
        ("curl/8.5", "curl/8.5"),
        ("", ""),
    ],
)
def test_a_device_is_named_in_words(agent: str, words: str) -> None:
    assert device(agent) == words


async def test_wrong_passwords_lock_for_a_quarter_of_an_hour(web: Web) -> None:
    browser = web.browser()
    for name in ("owner", "nobody-has-this-name"):
        texts = []
        for _ in range(8):
            shown = await browser.log_in(name, "wrong password!!")
            texts.append(shown.plain)
            assert shown.status == 422
        assert "違います" in texts[0]
        assert "15分間" in texts[-1]
    assert "15分間" in (await web.browser().log_in("owner")).plain  # the right password does not help now
    web.town.now += 15 * 60 * 1_000_000
    assert (await browser.log_in("owner")).status == 200
    assert "locked" in log_of(web, web.firms["ぶんぶく商店"])


@pytest.mark.parametrize("name", ["' OR 1=1 --", "<script>alert(1)</script>", "\x00", "ログイン名" * 30])
async def test_odd_names_are_only_wrong(web: Web, name: str) -> None:
    shown = await web.browser().log_in(name, "x")
    assert shown.status == 422
    assert "<script>alert" not in shown.text
