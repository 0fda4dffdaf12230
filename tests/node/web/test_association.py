"""The association's pages: members, leave to look, peers, backups, audit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from node import opening
from node.services import consent
from node.services.trade import Submission
from tests.node.services.town import order
from tests.node.test_app import make, started, until
from tests.node.web.harness import FIRM, PASSWORD, Shown, TwoWebs, Web
from tests.node.web.test_people import link_of, log_of

SECRET = "抹茶あめ"


def member_path(web: Web, name: str = FIRM) -> str:
    return f"/association/members/{web.firms[name].hex()}"


async def test_a_member_is_enrolled_its_owner_invited_and_logs_in(web: Web) -> None:
    staff = await web.logged_in("staff")
    await staff.get("/association/members/new")
    wrong = await staff.submit("/association/members/new", {"name": "", "corporate_number": "1234567890123"})
    assert (wrong.status, "検査数字" in wrong.plain) == (422, True)
    typed = {"name": "金太郎機械", "kana": "キンタロウ", "corporate_number": "7000012050002", "description": "台車"}
    words = await staff.submit("/association/members/new", typed)
    assert words.status == 201
    assert len(re.findall(r"<li>[ぁ-んァ-ヶ]+</li>", words.text)) == 24
    await staff.get("/association/members/new")
    twice = await staff.submit("/association/members/new", typed)
    assert (twice.status, "登録済み" in twice.plain) == (422, True)
    listed = await staff.get("/association/members")
    assert "金太郎機械 ログインできる方なし" in listed.plain
    assert "金太郎機械には、ログインできる代表者がまだいません" in (await staff.get("/association")).plain
    found = re.search(r'href="(/association/members/[0-9a-f]{64})">金太郎機械', listed.text)
    assert found is not None
    await staff.get(found[1])
    link = link_of(await staff.submit(found[1] + "/invite", {"note": "坂田さん"}))
    owner = web.browser()
    await owner.get(link)
    made = {"shown_name": "坂田", "name": "sakata", "password": PASSWORD, "again": PASSWORD}
    assert (await owner.submit(link, made)).status == 200
    assert (await owner.get("/people")).status == 200


async def test_staff_see_that_papers_move_not_what_is_in_them(webs: TwoWebs) -> None:
    webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-7")))
    webs.deliver()
    staff = await webs.kyoto.logged_in("staff")
    page = await staff.get(member_path(webs.kyoto, "花咲堂"))
    assert "注文 届いた 豊田" in page.plain or "注文" in page.plain
    for secret in (SECRET, "PO-7", "金太郎機械", "2,880", "2880"):
        assert secret not in page.text, secret
    assert (await staff.ask("GET", member_path(webs.kyoto, "花咲堂") + "/papers")).status == 404


def code_of(shown: Shown) -> str:
    found = re.search(r'<p class="code">(\d{3} \d{3})</p>', shown.text)
    assert found is not None, shown.plain
    return found[1]


async def test_a_member_lets_staff_look_for_thirty_minutes(webs: TwoWebs) -> None:
    webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-7")))
    webs.deliver()
    kyoto, here = webs.kyoto, member_path(webs.kyoto, "花咲堂")
    owner, staff, admin = [await kyoto.logged_in(name) for name in ("owner", "staff", "admin")]
    await owner.get("/people/consent")
    code = code_of(await owner.submit("/people/consent", {}))
    await staff.get(here)
    assert (await staff.submit(here + "/view", {"code": "000000" if code != "000 000" else "1"})).status == 422
    shown = await staff.submit(here + "/view", {"code": code})
    assert (shown.status, "PO-7" in shown.plain, "金太郎機械" in shown.plain) == (200, True, True)
    found = re.search(r'href="(/association/members/[0-9a-f]{64}/papers/[0-9a-f]{64})"', shown.text)
    assert found is not None
    assert SECRET in (await staff.get(found[1])).plain
    for path in (here + "/papers", found[1]):
        assert (await admin.ask("GET", path)).status == 404  # the leave is the one's who gave the code
    await admin.get(here)
    assert (await admin.submit(here + "/view", {"code": code})).status == 422  # it counts once
    log = (await owner.get("/people/log")).plain
    assert "staff 会員の許可で内容を表示" in log
    assert "order PO-7" in log
    kyoto.town.now += consent.VIEW_US
    assert (await staff.ask("GET", found[1])).status in (303, 404)
    again = await kyoto.logged_in("staff")
    assert (await again.ask("GET", found[1])).status == 404


async def test_the_member_ends_the_look_and_guessing_ends_the_code(web: Web) -> None:
    owner, staff = await web.logged_in("owner"), await web.logged_in("staff")
    here = member_path(web)
    await owner.get("/people/consent")
    code = code_of(await owner.submit("/people/consent", {}))
    await staff.get(here)
    assert (await staff.submit(here + "/view", {"code": code})).status == 200
    await owner.get("/people/consent")
    await owner.submit("/people/consent/end", {})
    assert (await staff.ask("GET", here + "/papers")).status == 404
    await owner.get("/people/consent")
    second = code_of(await owner.submit("/people/consent", {}))
    wrong = "111111" if second != "111 111" else "222222"
    await staff.get(here)
    for _ in range(consent.MAX_FAILURES):
        assert (await staff.submit(here + "/view", {"code": wrong})).status == 422
    assert (await staff.submit(here + "/view", {"code": second})).status == 422
    assert log_of(web, web.firms[FIRM]).count("view-refused") == consent.MAX_FAILURES + 1
    assert (await (await web.logged_in("clerk")).ask("GET", "/people/consent")).status == 403


async def test_a_member_is_stopped_and_goes_on(web: Web) -> None:
    staff = await web.logged_in("staff")
    await staff.get(member_path(web))
    stopped = await staff.submit(member_path(web) + "/suspend", {})
    assert "この会員の取引は止まっています" in stopped.plain
    row = web.town.see(lambda tx: tx.members.get(web.firms[FIRM]))
    assert row is not None
    assert row.suspended
    assert "この会員の取引は止まっています" not in (await staff.submit(member_path(web) + "/suspend", {})).plain


@pytest.mark.parametrize(
    "path", ["/association/members/" + "0" * 64, "/association/members/zz", "/association/staff/zz"]
)
async def test_unknown_ids_are_unknown(web: Web, path: str) -> None:
    browser = await web.logged_in("admin")
    assert (await browser.ask("GET", path)).status == 404
    csrf = browser.last.csrf
    body = {"note": "x", "role": "owner", "code": "1"}
    for act in ("/suspend", "/invite", "/view") if "members" in path else ():
        assert (await browser.post(path + act, body, csrf=csrf)).status == 404


async def test_only_administrators_decide_who_is_staff(web: Web) -> None:
    admin = await web.logged_in("admin")
    await admin.get("/association/staff")
    link = link_of(await admin.submit("/association/staff", {"note": "職員", "role": "staff"}))
    new = web.browser()
    await new.get(link)
    made = {"shown_name": "職員", "name": "shokuin", "password": PASSWORD, "again": PASSWORD}
    await new.submit(link, made)
    assert (await new.get("/association")).heading == "団体の今日"
    assert (await new.ask("GET", "/association/staff")).status == 403
    people = await admin.get("/association/staff")
    found = re.search(r'href="(/association/staff/[0-9a-f]{32})">admin<', people.text)
    assert found is not None
    await admin.get(found[1])
    refused = await admin.submit(found[1], {"role": "staff"})
    assert (refused.status, "最後の管理者" in refused.plain) == (422, True)


async def test_the_light_of_a_peer_that_is_not_there(webs: TwoWebs) -> None:
    staff = await webs.toyota.logged_in("staff")
    page = await staff.get("/association/peers")
    assert "京都" in page.plain
    refused = await staff.submit("/association/peers", {"address": "https://127.0.0.1:1"})
    assert (refused.status, "いまほかの団体とやり取りしていません" in refused.plain) == (422, True)


async def test_backups_and_checks(web: Web, tmp_path: Path) -> None:
    staff = await web.logged_in("staff")
    bare = await staff.get("/association/safety")
    assert "設定ファイルがない" in bare.plain
    await staff.submit("/association/safety/check", {})
    assert "書類の保存 はい" in staff.last.plain
    assert "署名 はい" in staff.last.plain


async def test_two_real_nodes_connect_by_their_pages(tmp_path: Path, unused_tcp_port_factory: object) -> None:
    import aiohttp

    from node.services import users
    from tests.node.web.harness import Browser

    ports = [unused_tcp_port_factory(), unused_tcp_port_factory()]  # type: ignore[operator]
    nodes = [
        await started(make(tmp_path / name, name, port)) for name, port in zip(("豊田", "京都"), ports, strict=True)
    ]
    sessions: list[aiohttp.ClientSession] = []
    try:
        browsers = []
        hashed = users.password_hash(PASSWORD)
        for node in nodes:
            house, store = node.opened.house, node.opened.store
            store.write(lambda tx, h=house: users.add(h, tx, None, "staff", "staff", hashed))  # type: ignore[misc]
            base = f"http://127.0.0.1:{node.addresses.api_port}"
            sessions.append(aiohttp.ClientSession(base, cookie_jar=aiohttp.DummyCookieJar()))
            browsers.append(Browser(sessions[-1]))  # type: ignore[arg-type]
            assert (await browsers[-1].log_in("staff")).heading == "団体の今日"
        one, other = browsers
        await one.get("/association/peers")
        asked = await one.submit("/association/peers", {"address": f"https://127.0.0.1:{ports[1]}"})
        code = re.search(r'<p class="code">([\d ]+)</p>', asked.text)
        assert code is not None
        waits = await other.get("/association")
        assert "豊田が番号の確認を待っています" in waits.plain
        for browser in browsers:
            page = await browser.get("/association/peers")
            assert code[1] in page.text
            path = re.search(r'action="(/association/peers/[0-9a-f]{64})/accept"', page.text)
            assert path is not None
            await browser.submit(path[1] + "/accept", {})
        seen = nodes[0].opened.store
        await until(lambda: [row.state for row in seen.read(lambda tx: tx.peers.all())] == ["accepted"])
        page = await one.get("/association/peers")
        node_path = re.search(r'action="(/association/peers/[0-9a-f]{64})/check"', page.text)
        assert node_path is not None
        tested = await one.submit(node_path[1] + "/check", {})
        assert tested.plain.count("良い") >= 5, tested.plain
        await one.get("/association/safety")
        saved = await one.submit("/association/safety/backup", {})
        assert "読み返して確かめました" in saved.plain
        assert len(re.findall(r"<small>\d{8}T\d{6}Z-[0-9a-f]{6}</small>", saved.text)) >= 1
        await one.submit("/association/safety/schedule", {"every_hours": "12", "keep": "３"})
        assert opening.load_config(tmp_path / "豊田").backup.every_hours == 12
        assert "バックアップを作成" in (await one.get("/association/audit")).plain
    finally:
        for session in sessions:
            await session.close()
        for node in nodes:
            await node.stop()
