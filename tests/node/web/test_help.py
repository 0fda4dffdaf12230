"""The guides as help pages: whole, in both languages, read by anybody who reaches the node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from node.web import guides, menu
from tests.node.web.harness import Web

DOCS = Path(__file__).parents[3] / "docs"
FILES = sorted(path for guide in guides.GUIDES for path in (DOCS / guide).glob("*.md"))
MOST_BYTES, MOST_TOGETHER = 120_000, 4_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    for mark, alt, target in re.findall(r"(!?)\[([^\]]*)\]\(([^)]+)\)", text):
        assert alt, target
        if ":" not in target and not target.startswith("#"):
            assert (path.parent / target.partition("#")[0]).exists(), target
        if mark:
            assert f"img/{'ja' if '.ja.' in path.name else 'en'}/" in target


def test_chapters_exist_in_both_languages_and_help_leads_to_them() -> None:
    for guide in guides.GUIDES:
        for name in guides.chapters(guide) - {"packaging"}:
            assert (DOCS / guide / f"{name}.md").exists()
            assert (DOCS / guide / f"{name}.ja.md").exists()
    for leads in menu.HELP.values():
        guide, _, name = leads.partition("/")
        assert name in guides.chapters(guide), leads


def test_pictures_are_small_and_used() -> None:
    found = [DOCS / guide / path for guide in guides.GUIDES for path in guides.pictures(guide)]
    assert all(path.stat().st_size <= MOST_BYTES for path in found)
    assert sum(path.stat().st_size for path in found) <= MOST_TOGETHER
    texts = "".join(path.read_text("utf-8") for path in FILES)
    assert [path.name for path in found if f"img/{path.parent.name}/{path.name}" not in texts] == []


@pytest.mark.parametrize(
    ("guide", "link", "leads"),
    [
        ("join", "order.ja.md", "/help/join/order"),
        ("join", "README.md", "/help/join"),
        ("join", "order.md#2-choose", "/help/join/order#2-choose"),
        ("operate", "../join/README.ja.md", "/help/join"),
        ("operate", "#marks", "#marks"),
        ("operate", "../architecture.md", "/help/operate"),
        ("operate", "https://example.jp/", "https://example.jp/"),
    ],
)
def test_links_lead_to_chapters(guide: str, link: str, leads: str) -> None:
    assert guides.address(guide, link) == leads


async def test_a_guest_reads_every_chapter_with_its_pictures(web: Web) -> None:
    guest = web.browser()
    assert (await guest.get("/help")).heading == "会員企業の手引き"
    for guide in guides.GUIDES:
        for name in sorted(guides.chapters(guide) - {guides.START}):
            shown = await guest.get(f"/help/{guide}/{name}")
            assert shown.status == 200
            assert shown.heading
            assert "<img src=" not in shown.text or f'src="/help/{guide}/img/ja/' in shown.text
    for source in re.findall(r'src="(/help/[^"]+)"', (await guest.get("/help/join/order")).text):
        picture = await guest.ask("GET", source)
        assert (picture.status, picture.headers["Content-Type"]) == (200, "image/webp")


async def test_staff_get_their_own_guide_and_nothing_else_is_served(web: Web) -> None:
    staff = await web.logged_in("staff")
    assert "/help/operate" in (await staff.get("/help", follow=False)).location
    for path in ("/help/adr", "/help/join/nothing", "/help/join/..%2f..%2fpyproject", "/help/join/img/ja/nothing.webp"):
        assert (await staff.get(path)).status == 404, path


async def test_every_page_links_to_help_about_itself(web: Web) -> None:
    owner = await web.logged_in("owner")
    assert 'href="/help/join/order"' in (await owner.get("/dealings")).text
    assert 'href="/help/join/login"' in (await web.browser().get("/login")).text


#: What guides quote in 「」 that no page says: what people type, say or read elsewhere, and parts of longer sentences.
NOT_OF_PAGES = {
    "わらしべ",
    "取適法の助言",
    "2026",
    "R8",
    "R8.10.5",
    "文字列",
    "店のパソコン",
    "必須",
    "disk full",
    "個人情報の欄",
    "復帰",
    "このページからの回答",
    "Excelで形が変わった番号です",
    "15分間ログインできません",
    "こちらの不具合で処理できませんでした",
    "合計いくつからいくら",
    "あといくつで次の単価になるか",
    "何が起きても有効です",
    "(相手の会社名) への公開を取りやめる",
    "復旧の合言葉",
    "このノードの別の写しが見つかった",
    "戻したあとの起動",
    "3 か所のうち 0 か所",
    "has two successors of one record",
    "この書類に個人情報の欄はありません",
    "作り直しています",
    "すべて揃いました",
    "配達中です",
    "鍵が変更されました。電話で確かめてください",
    "御社の鍵が変更されました",
    "同じサーバーが二つある",
    "同じサーバーがもう一つ見つかりました",
}


@pytest.mark.parametrize("path", [path for path in FILES if ".ja." in path.name and path.name != "cli.ja.md"], ids=str)
def test_words_that_a_guide_quotes_are_words_of_the_pages(path: Path) -> None:
    """Whoever follows a guide finds the button under the name that it says."""
    said = set(_texts("ja"))
    text = re.sub(r"\n *", "", path.read_text("utf-8"))
    quoted = {found.rstrip("。") for found in re.findall(r"「([^」]+)」", text)} - NOT_OF_PAGES
    assert sorted(found for found in quoted if found not in said and found + "。" not in said) == []


def _texts(language: str) -> Iterator[str]:
    with (DOCS.parent / f"node/locale/{language}/LC_MESSAGES/yui.po").open("rb") as file:
        for message in read_po(file):
            yield from (message.string,) if isinstance(message.string, str) else message.string
