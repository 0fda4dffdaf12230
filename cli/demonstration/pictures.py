"""Pictures of the story's pages: a browser walks them as each person, in both languages, at a desk and on a telephone.

Owns the walk and what becomes of a picture; which pictures there are stands in pictures.toml. Addresses, ports and ids
that are new at each run are written over before a picture is taken. Needs playwright and a chromium.
"""

from __future__ import annotations

import io
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from cli.cluster.nodes import Failed
from cli.demonstration.october.people import Person
from cli.demonstration.october.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

LANGUAGES: Final = ("ja", "en")
DESK: Final = {"width": 1120, "height": 900}
TELEPHONE: Final = {"width": 390, "height": 844}
TALLEST: Final = 1500  # pixels of a picture in a guide
MOST_BYTES: Final = 120_000
QUALITIES: Final = (80, 65, 50, 35)
JAPAN: Final = timezone(timedelta(hours=9))
SETTLE_MS: Final = 1_500  # until the partner's node has answered
WRITTEN_OVER: Final = """() => {
    const rules = [[/\\b(?=[0-9]*[a-f])[0-9a-f]{12,64}\\b/g, '3f9a…'],
        [/https?:\\/\\/(localhost|127\\.0\\.0\\.1)(:\\d+)?/g, 'https://yui.example.jp'],
        [/(localhost|127\\.0\\.0\\.1)(:\\d+)?/g, 'yui.example.jp'], [/-[A-Z2-7]{4}-(\\d{3})/g, '-K7QA-$1']];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        let text = walk.currentNode.nodeValue;
        for (const [from, to] of rules) text = text.replace(from, to);
        if (text !== walk.currentNode.nodeValue) walk.currentNode.nodeValue = text;
    }
}"""


class Picture(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One picture; pictures.toml says what the fields mean."""

    name: str
    login: str = ""
    house: str = ""
    at: str = ""
    do: tuple[tuple[str, ...], ...] = ()
    keep: str = ""
    guide: str = ""
    telephone: bool = False


def pictures() -> tuple[Picture, ...]:
    """What pictures.toml says."""
    plain = tomllib.loads((resources.files("cli.demonstration") / "pictures.toml").read_text("utf-8"))
    return msgspec.convert(plain["pictures"], tuple[Picture, ...])


@contextmanager
def browser() -> Iterator[Browser]:
    """A chromium. Failed, saying how to get it, where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise Failed("playwright is not installed: python3 yui.py setup") from None
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise Failed("no chromium here: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield found
        finally:
            found.close()


class Walk:
    """One walk in one language. ``files``: where pictures go; ``guides``: the docs folder, or None."""

    def __init__(self, stage: Stage, found: Browser, language: str, files: Path, guides: Path | None) -> None:
        self._stage = stage
        self._browser = found
        self._language = language
        self._files = files / language
        self._guides = guides
        self._people = {person.name: person for person in stage.people}
        self._pages: dict[tuple[str, bool], Page] = {}
        self._names: dict[str, str] = {}

    def walk(self) -> int:
        """Take all pictures; how many. Both sizes, but where a picture goes on from the one before it."""
        count = 0
        for picture in pictures():
            page = self._open(picture, telephone=picture.telephone)
            self._write(picture, page, small=picture.telephone)
            count += 1
            if picture.at and not picture.do and not picture.telephone:
                self._write(picture, self._open(picture, telephone=True), small=True, guided=False)
                count += 1
        for page in self._pages.values():
            page.context.close()
        return count

    def _open(self, picture: Picture, *, telephone: bool) -> Page:
        page = self._page(picture, telephone)
        if picture.at:
            page.goto(self._address(picture))
        for step in picture.do:
            _act(page, step)
        if picture.keep:
            self._names[picture.keep] = urlsplit(page.url).path.split("/")[2]
        return page

    def _page(self, picture: Picture, telephone: bool) -> Page:
        key = (picture.login, telephone)
        if not picture.login or key not in self._pages:
            context = self._context(telephone)
            self._pages[key] = context.new_page()
            if picture.login:
                _log_in(self._pages[key], self._people[picture.login])
                self._pages[key].goto(self._people[picture.login].page + f"/settings?lang={self._language}")
            else:
                self._pages[key].goto(self._address(picture) + f"?lang={self._language}")
        return self._pages[key]

    def _context(self, telephone: bool) -> BrowserContext:
        size: Any = TELEPHONE if telephone else DESK
        locale = "ja-JP" if self._language == "ja" else "en-GB"
        return self._browser.new_context(viewport=size, locale=locale, is_mobile=telephone, has_touch=telephone)

    def _address(self, picture: Picture) -> str:
        base = self._people[picture.login].page if picture.login else self._stage.federation.nodes[picture.house].page
        october = self._stage.october
        threads: Mapping[str, str] = {} if october is None else october.threads
        members = {key: found.member for key, found in self._stage.federation.accounts.items()}
        link = "" if october is None else urlsplit(october.farmer.link).path
        return base + picture.at.format_map({**members, **threads, **self._names, "farmer": link})

    def _write(self, picture: Picture, page: Page, *, small: bool, guided: bool = True) -> None:
        page.evaluate(WRITTEN_OVER)
        size = "telephone" if small else "desk"
        path = self._files / size / f"{picture.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = page.screenshot(path=str(path), full_page=True)
        if picture.guide and guided and self._guides is not None:
            place = self._guides / picture.guide / "img" / self._language
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{picture.name}.webp").write_bytes(small_picture(data))


def _log_in(page: Page, person: Person) -> None:
    page.goto(person.page + "/login")
    page.fill("input[name=name]", person.name)
    page.fill("input[name=password]", person.password)
    page.click("main button[type=submit].filled")
    page.wait_for_url(lambda url: "/login" not in url)


def _act(page: Page, step: tuple[str, ...]) -> None:
    """``fill SELECTOR TEXT``; ``day NAME DAYS`` from today; ``tick`` all, ``click SELECTOR``; ``settle``: wait."""
    match step:
        case ("fill", selector, text):
            page.fill(selector, text)
        case ("day", name, days):
            day = datetime.now(JAPAN).date() + timedelta(days=int(days))
            for part in ("year", "month", "day"):
                page.fill(f"input[name='{name}.{part}']", str(getattr(day, part)))
        case ("tick", selector):
            for box in page.locator(selector).all():
                box.check(force=True)
        case ("click", selector):
            page.click(selector)
            page.wait_for_load_state()
        case ("settle",):
            page.wait_for_timeout(SETTLE_MS)
            page.reload()
        case _:
            raise ValueError(f"pictures.toml: {step} is no step")


def small_picture(data: bytes) -> bytes:
    """A PNG as WebP for a guide: at most :data:`TALLEST` pixels high, at most :data:`MOST_BYTES` bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as full:
        shown = full.convert("RGB").crop((0, 0, full.width, min(full.height, TALLEST)))
    made = b""
    for quality in QUALITIES:
        out = io.BytesIO()
        shown.save(out, "WEBP", quality=quality, method=6)
        made = out.getvalue()
        if len(made) <= MOST_BYTES:
            return made
    raise ValueError(f"a picture has {len(made)} bytes at the lowest quality")
