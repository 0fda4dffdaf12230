"""Rules that bind every page and form (Digital Agency's form rules; our security headers), over a walk through all."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from lxml import html
from lxml.html import HtmlElement

from cli.bench.crawl import links_of
from node.services.trade import Submission
from node.web.page import Page
from node.web.sessions import HEADERS
from tests.node.services import october
from tests.node.web import test_sales as sales
from tests.node.web.farm import farm_of
from tests.node.web.harness import TwoWebs, two_webs
from tests.node.web.test_imports import here, upload
from tests.node.web.test_reminders import overdue
from tests.node.web.walking import PAGES, Seen, deal, let_look, walk

#: Fields that a browser or a password manager fills in, by the name of the field (WCAG 1.3.5).
AUTOCOMPLETE = {"password": ("current-password", "new-password"), "email": ("email",), "old": ("current-password",)}
UNTYPED = ("hidden", "submit", "button", "radio", "checkbox", "file")
#: Pages that only another page leads to.
DEEP = (
    "/dealings/{thread}",
    "/dealings/{thread}/{step}",
    "/dealings/{thread}/reminder",
    "/closing/{partner}/{side}",
    "/books/ledger/{side}",
    "/held",
    "/sales/import/{file}",
    "/sales/item",
    "/sales/stock",
    "/sales/trends",
    "/association/import/{file}",
    "/documents/{document}/erasure",
    "/documents/{document}/files",
    "/documents/{document}/pdf",
    "/documents/{document}/proof",
    "/partners/{partner}",
    "/partners/{partner}/{kind}",
    "/association/members/{member}/papers/{document}",
    "/g/{secret}",
    "/g/{secret}/{step}",
)


ROSTER = "会員名,法人番号,代表者\n打出小槌プレス,8999900000001,一寸\n名無し,1234567890123,\n"


def held_twice(webs: TwoWebs) -> None:
    """A number that the buyer used twice: the second paper waits for a person."""
    for _ in range(2):
        (sent,) = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, october.order("PO-HELD", 7)))
    assert sent.verdict == "held"


@pytest.fixture(scope="module", params=["ja", pytest.param("en", marks=pytest.mark.slow)])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    """Everything that everybody sees, in one language."""
    return asyncio.run(_all(tmp_path_factory.mktemp("rules"), request.param))


async def _all(folder: Path, language: str) -> list[Seen]:
    async with two_webs(folder) as webs:
        return await _everything(webs, language)


def _last(webs: TwoWebs, thread: bytes) -> str:
    return webs.kyoto.town.see(lambda tx: tx.documents.by_thread(thread))[-1].row.id.hex()


async def _everything(webs: TwoWebs, language: str) -> list[Seen]:
    farm = await farm_of(webs)
    guest = await farm.link()
    threads = [f"/dealings/{thread}" for thread in deal(webs)]
    web = webs.kyoto
    let_look(web, webs.seller)
    held_twice(webs)
    late, _ = overdue(webs, "PO-LATE")
    threads += [f"/dealings/{late.hex()}", f"/documents/{_last(webs, late)}/files"]
    owner = await web.logged_in("owner")
    brought = sales.here(await sales.upload(owner, sales.own_sales()))
    await sales.bring(web, webs.seller, sales.own_sales(), web.context.folder)
    staff = await web.logged_in("staff")
    roster = here(await upload(staff, ROSTER.encode("cp932"), "r.csv", kind="members", at="/association/import"))
    found = await walk(
        web, "owner", [brought, "/", "/menu", "/books?since.year=2025&low=x", *threads], language=language
    )
    found += await walk(webs.toyota, "clerk", ["/", "/menu", "/held", *threads], language=language)
    found += await walk(web, "staff", [roster], language=language, most=0)
    found += await walk(web, "viewer", ["/", "/menu"], language=language, most=1)
    firm = f"/association/members/{webs.seller.hex()}"
    found += await walk(web, "admin", ["/", "/menu", firm], language=language)
    return found + await walk(web, "", ["/login", guest], language=language)


def pages_of(seen: list[Seen]) -> list[tuple[Seen, HtmlElement]]:
    return [
        (one, html.fromstring(one.shown.text))
        for one in seen
        if "text/html" in one.shown.headers.get("Content-Type", "") and one.shown.text.strip()
    ]


def test_every_page_of_the_menus_was_seen(seen: list[Seen]) -> None:
    """What has an entry in somebody's menu, and every page of a dealing, of partners, of the books."""
    found = {one.page for one in seen if one.shown.status == 200}
    linked = {link.partition("?")[0] for one in seen if one.page == "/menu" for link in links_of(one.shown.text)}
    missing = {path for path in linked if path in {page.path for page in PAGES}} - found
    assert sorted(missing) == []
    assert {path for path in DEEP if path not in found} == set()


def test_no_page_fails(seen: list[Seen]) -> None:
    assert [(one.link, one.shown.status) for one in seen if one.shown.status >= 500] == []
    assert [(one.link, one.shown.status) for one in seen if one.shown.status == 404] == []


def test_every_answer_has_the_headers(seen: list[Seen]) -> None:
    for one in seen:
        for name, value in HEADERS.items():
            assert one.shown.headers.get(name) == value, f"{one.link}: {name}"
        assert "unsafe" not in one.shown.headers["Content-Security-Policy"]


def test_no_script_and_no_style_in_a_page(seen: list[Seen]) -> None:
    for one, page in pages_of(seen):
        assert page.xpath("//script[not(@src)] | //style | //*[@style]") == [], one.link
        handlers = [name for item in page.iter() for name in getattr(item, "attrib", {}) if name.startswith("on")]
        assert handlers == [], one.link
        assert not re.search(r'(?:src|href)="(?:https?:)?//', one.shown.text), f"{one.link} loads from elsewhere"


def test_fields_have_labels_and_nothing_is_grey(seen: list[Seen]) -> None:
    for one, page in pages_of(seen):
        assert page.xpath("//@placeholder | //@disabled | //@readonly") == [], one.link
        for field in page.xpath("//form//input | //form//select | //form//textarea"):
            if field.get("type") in ("hidden", "submit"):
                continue
            named = field.get("aria-label") or field.get("aria-labelledby") or field.getparent().tag == "label"
            label = field.get("id") and page.xpath("//label[@for=$id]", id=field.get("id"))
            assert named or label, f"{one.link}: {field.get('name')} has no label"


def test_a_date_has_three_fields(seen: list[Seen]) -> None:
    for one, page in pages_of(seen):
        assert page.xpath("//input[@type='date' or @type='datetime-local' or @type='month']") == [], one.link
        names = set(page.xpath("//input/@name | //select/@name"))
        for name in names:
            if name.endswith(".day") and not name.startswith("lines."):  # a table's cell takes a day in one piece
                stem = name.removesuffix(".day")
                assert {f"{stem}.year", f"{stem}.month"} <= names, f"{one.link}: {stem}"


def test_every_form_that_changes_something_has_its_token(seen: list[Seen]) -> None:
    for one, page in pages_of(seen):
        for form in page.forms:
            if form.method == "POST":
                assert [value for value in form.xpath(".//input[@name='csrf']/@value") if value], one.link
            else:
                assert form.xpath(".//input[@name='csrf']") == [], f"{one.link}: a token in an address"


def test_a_paper_is_looked_over_before_it_is_sent(seen: list[Seen]) -> None:
    """The first button of a paper's form leads to 確認; Enter presses the first button."""
    looked = 0
    for one, page in pages_of(seen):
        for form in page.forms:
            actions = form.xpath(".//button[@name='action']/@value")
            if "send" in actions or "check" in actions:
                looked += 1
                assert actions.index("check") < actions.index("send") if "send" in actions else actions, one.link
    assert looked > 5


def test_what_a_browser_can_fill_in_is_named(seen: list[Seen]) -> None:
    for one, page in pages_of(seen):
        for field in page.xpath("//form//input"):
            if field.get("type") == "password":
                assert field.get("autocomplete") in AUTOCOMPLETE["password"], f"{one.link}: {field.get('name')}"


def test_pages_say_their_language_and_title(seen: list[Seen]) -> None:
    titles: dict[str, set[str]] = {}
    for one, page in pages_of(seen):
        assert page.get("lang") in ("ja", "en"), one.link
        (title,) = page.xpath("//title/text()")
        assert title.strip(), one.link
        titles.setdefault(one.page, set()).add(title)
        assert len(page.xpath("//h1")) == 1, one.link
        assert len(page.xpath("//main")) == 1, one.link


def test_no_two_things_have_one_id(seen: list[Seen]) -> None:
    for one, page in pages_of(seen):
        ids = page.xpath("//@id")
        assert sorted(ids) == sorted(set(ids)), one.link


def test_every_page_is_a_row_with_an_operation() -> None:
    assert all(isinstance(page, Page) and page.operation for page in PAGES)
