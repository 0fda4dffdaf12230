"""The way of a request: sessions, form tokens, language, errors, headers."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import node.web
from node.services import drafts, sessions
from node.web import static
from node.web.sessions import seal, unseal
from tests.node.services.town import order
from tests.node.web.harness import FIRM, PASSWORD, Shown, TwoWebs, Web

FORBIDDEN = ("ノード", "エポック", "ジャーナル", "ハッシュ", "同期", "キュー", "プッシュ", "ステータス", "ペイロード")


async def test_nobody_is_sent_to_the_login_and_comes_back(web: Web) -> None:
    browser = web.browser()
    away = await browser.ask("GET", "/menu")
    assert (away.status, away.location) == (303, "/login?next=%2Fmenu")
    page = await browser.get("/menu")
    assert page.heading == "ログイン"
    shown = await browser.submit("/login", {"name": " OWNER ", "password": "correct horse battery"})
    assert (shown.status, shown.heading) == (200, "メニュー")
    assert FIRM in shown.plain


@pytest.mark.parametrize("elsewhere", ["//evil.example/x", "https://evil.example/", "/\\evil.example", "/login", "x"])
async def test_the_login_never_leads_elsewhere(web: Web, elsewhere: str) -> None:
    browser = web.browser()
    await browser.get("/login")
    shown = await browser.post("/login", {"name": "owner", "password": "correct horse battery", "next": elsewhere})
    assert (shown.status, shown.location) == (303, "/")
    crooked = f"{web.client.make_url('/')}/evil.example/?lang=en"
    async with web.client.session.get(crooked, allow_redirects=False) as answer:
        assert answer.status == 404


async def test_a_new_session_at_every_login_and_none_after_logging_out(web: Web) -> None:
    browser = await web.logged_in("clerk")
    (name,) = [name for name in browser.cookies if name.startswith("yui-")]
    first = browser.cookies[name]
    await browser.get("/")
    assert (await browser.post("/logout")).location == "/login"
    assert name not in browser.cookies
    browser.cookies[name] = first
    assert (await browser.ask("GET", "/")).status == 303
    again = await web.logged_in("clerk")
    assert again.cookies[name] != first


async def test_the_cookie_is_strict_and_out_of_reach_of_scripts(web: Web) -> None:
    browser = web.browser()
    await browser.get("/login")
    shown = await browser.post("/login", {"name": "owner", "password": "correct horse battery"})
    cookie = shown.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/"))
    web.context.base_url = "https://yui.example.jp"
    other = web.browser()
    page = await other.get("/login")
    assert page.headers["Set-Cookie"].startswith("__Host-guest-")
    assert "Secure" in page.headers["Set-Cookie"]
    assert "max-age" in page.headers["Strict-Transport-Security"]


async def test_forms_without_the_token_or_from_elsewhere_are_refused(web: Web) -> None:
    browser = await web.logged_in("owner")
    stranger = web.browser()
    foreign = (await stranger.get("/login")).csrf
    for csrf in ("", "x", "ü", foreign):
        assert (await browser.post("/logout", csrf=csrf)).status == 403
    good = (await browser.get("/")).csrf
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        sent = {"Content-Type": "application/x-www-form-urlencoded", **header}
        assert (await browser.ask("POST", "/logout", data=f"csrf={good}".encode(), headers=sent)).status == 403
    assert (await browser.get("/")).status == 200
    assert (await browser.post("/logout", csrf=good)).status == 303


async def test_a_link_in_a_mail_is_followed_twice_so_that_the_strict_cookie_comes_along(web: Web) -> None:
    arriving = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    page = await web.browser().ask("GET", "/menu?x=1", headers=arriving)
    assert page.status == 200
    assert 'http-equiv="refresh" content="0;url=/menu?x=1"' in page.text


async def test_sessions_end_when_nobody_uses_them(web: Web) -> None:
    browser = await web.logged_in("owner")
    web.town.now += sessions.IDLE_US
    shown = await browser.get("/")
    assert shown.heading == "ログイン"
    assert "もう一度ログイン" in shown.plain


async def test_what_was_typed_when_the_session_had_ended_is_kept_for_its_user(web: Web) -> None:
    browser = await web.logged_in("owner")
    await browser.get("/people")
    web.town.now += sessions.IDLE_US
    shown = await browser.submit("/people", {"note": "竹ざるの人"}, follow=False)
    member = web.firms[FIRM]
    (draft,) = web.town.see(lambda tx: drafts.mine(tx, member, "owner"))
    assert shown.location == f"/login?next=%2Fpeople%3Fdraft%3D{draft.id.hex()}"
    page = await browser.get(shown.location)
    assert "入力は下書きにあります" in page.plain
    assert drafts.fields_of(draft)["note"] == ["竹ざるの人"]
    back = await browser.submit("/login", {"name": "owner", "password": PASSWORD})
    assert (back.heading, back.fields("/people")["note"]) == ("利用者", "竹ざるの人")
    other = await web.logged_in("clerk")
    assert (await other.get(f"/drafts/{draft.id.hex()}")).status == 404


async def test_a_forged_form_is_not_kept_and_one_without_a_page_goes_to_where_it_was(web: Web) -> None:
    browser = await web.logged_in("owner")
    csrf = (await browser.get("/settings")).csrf
    web.town.now += sessions.IDLE_US
    forged = await browser.post("/people", {"note": "x"}, csrf="wrong")
    assert forged.location == "/login?next=%2Fpeople"
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    for referer, wanted in (
        (str(web.client.make_url("/settings")), "%2Fsettings%3Fdraft%3D"),
        ("https://evil.example/settings", "%2F%3Fdraft%3D"),
    ):
        data = f"csrf={csrf}&old=my-password&note=y".encode()
        shown = await browser.ask("POST", "/settings/password", data=data, headers={**sent, "Referer": referer})
        assert shown.location.startswith(f"/login?next={wanted}")
    kept = web.town.see(lambda tx: drafts.mine(tx, web.firms[FIRM], "owner"))
    assert {one.form: drafts.fields_of(one) for one in kept} == {"/settings": {"note": ["y"]}, "/": {"note": ["y"]}}


async def test_the_language_is_kept(web: Web) -> None:
    browser = web.browser()
    assert (await browser.get("/login")).heading == "ログイン"
    switched = await browser.ask("GET", "/login?lang=en&next=%2Fmenu")
    assert (switched.status, switched.location) == (303, "/login?next=/menu")
    assert (await browser.get("/login")).heading == "Log in"
    await browser.log_in("viewer")
    await browser.get("/?lang=en")
    other = web.browser()
    assert (await other.log_in("viewer")).heading.startswith("Today")
    assert 'lang="en"' in other.last.text


async def test_an_unknown_page_is_a_page(web: Web) -> None:
    for browser in (web.browser(), await web.logged_in("viewer")):
        for path in ("/nothing", "/v1x", "/nothing/zz/../x"):
            shown = await browser.ask("GET", path)
            assert (shown.status, shown.heading) == (404, "ページが見つかりません。")
    wrong = await browser.ask("PUT", "/login")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET,POST")


async def test_the_api_beside_the_pages_is_as_it_was(web: Web) -> None:
    browser = web.browser()
    for path, status in (("/health", 200), ("/v1/nothing", 404), ("/v1", 404), ("/v1/me", 401)):
        shown = await browser.ask("GET", path)
        assert (shown.status, "html" in shown.headers["Content-Type"]) == (status, False)


async def test_our_own_fault_has_a_number_and_shows_no_detail(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await web.logged_in("owner")

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("node.services.desk.today.of", broken)
    shown = await browser.ask("GET", "/")
    assert shown.status == 500
    assert "secret" not in shown.text
    assert re.search(r"番号[0-9A-F]{6}を", shown.plain)


async def test_headers_of_every_page(web: Web) -> None:
    browser = await web.logged_in("owner")
    for path in ("/", "/login", "/nothing"):
        headers = (await browser.ask("GET", path)).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


async def test_pages_have_one_heading_no_inline_code_and_fair_fields(web: Web) -> None:
    for name in ("owner", "viewer"):
        browser = await web.logged_in(name)
        for path in ("/", "/menu", "/nothing"):
            page = await browser.get(path)
            assert page.heading
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", page.text)
            assert not re.search(r"\splaceholder|\sdisabled|\sreadonly|<input[^>]*type=\"date\"", page.text)
            assert not [word for word in FORBIDDEN if word in page.plain]


async def test_static_files_keep_for_ever_under_their_own_address(web: Web) -> None:
    browser = web.browser()
    page = await browser.get("/login")
    found = set(re.findall(r'(/static/[^"#]+)', page.text))
    assert len(found) >= 4
    for path in found:
        shown = await browser.ask("GET", path)
        assert (shown.status, shown.headers["Cache-Control"]) == (200, static.FOREVER)
    for path in ("/static/nothing.css", "/static/../app.py", "/static/vendor/VENDOR.md", "/static/%2e%2e/app.py"):
        assert (await browser.ask("GET", path)).status == 404


def test_vendored_files_are_as_they_came() -> None:
    folder = static.FOLDER / "vendor"
    page = (folder / "VENDOR.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|", page, re.MULTILINE))
    files = {path.name for path in folder.iterdir() if path.suffix in static.SERVED}
    assert set(listed) == files
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files} == listed


def test_nothing_of_the_pages_is_loaded_before_the_first() -> None:
    code = (
        "import sys, node.app; "
        "sys.exit(any(m in sys.modules for m in ('jinja2', 'webauthn', 'pyotp', 'segno', 'node.web.site')))"
    )
    root = Path(node.web.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_flash_is_for_its_own_session() -> None:
    sealed = seal("one", "注文を送りました。")
    assert unseal("one", sealed) == "注文を送りました。"
    assert unseal("two", sealed) == ""
    assert unseal("one", "garbage") == ""
    assert unseal("one", sealed[:-1] + "x") == ""


async def test_today_shows_whose_turn_it_is(webs: TwoWebs) -> None:
    from node.services.trade import Submission

    webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-7")))
    webs.deliver()
    seller = (await (await webs.kyoto.logged_in("clerk")).get("/")).plain
    assert re.search(r"あなたを待っています 1 今日 金太郎機械 .*PO-7", seller)
    buyer = (await (await webs.toyota.logged_in("viewer")).get("/")).plain
    assert re.search(r"今日の対応はありません.*相手を待っています 1 花咲堂", buyer)


async def test_staff_have_their_own_menu(web: Web) -> None:
    browser = await web.logged_in("staff")
    shown = await browser.ask("GET", "/")
    assert (shown.status, shown.location) == (303, "/association")
    assert "/dealings" not in (await browser.get("/menu")).text


async def test_the_chip_leads_to_what_is_true_of_copies(web: Web) -> None:
    browser = await web.logged_in("viewer")
    assert 'href="/copies"' in browser.last.text
    shown = await browser.get("/copies")
    assert "控えを預かっている他団体はありません" in shown.plain
    assert "まだありません" in shown.plain
    web.town.do(lambda tx: tx.meta.set_int("backup/last", 1_760_000_000_000_000))
    assert "10月9日(木) 17:53" in (await browser.get("/copies")).plain


async def test_the_menu_has_seven_entries_and_what_is_done_together_stands_below_one(web: Web) -> None:
    owner = await web.logged_in("owner")

    def entries(shown: Shown, more: str = "") -> list[str]:
        nav = shown.text.partition('<nav class="menu"')[2].partition("</nav>")[0]
        return re.findall(rf'<a href="([^"]+)"{more}', nav)

    plain = await owner.get("/")
    assert entries(plain) == ["/", "/dealings", "/partners", "/books", "/sales", "/together", "/copies"]
    below = ["/together", "/offers", "/market", "/deeds", "/groups", "/drawings"]
    for path in below:
        opened = await owner.get(path)
        assert entries(opened) == [*entries(plain)[:6], *below, "/copies"]
        assert entries(opened, ' aria-current="page"') == [path]
    assert set(below) < set(re.findall(r'<a href="([^"]+)"', (await owner.get("/menu")).text))
