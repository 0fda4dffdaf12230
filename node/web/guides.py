"""The guides (docs/join, docs/operate) as pages: found beside the program, rendered here, read without internet.

Owns where the files lie and how Markdown becomes a page. What is not in its list does not exist. The Markdown is ours;
HTML in it is shown as text all the same.
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

GUIDES: Final = ("join", "operate")
START: Final = "README"
LANGUAGE: Final = ".ja"
PICTURES: Final = {".webp": "image/webp", ".png": "image/png"}
_INSTALLED: Final = Path(__file__).parents[1] / "guides"
_SOURCE: Final = Path(__file__).parents[2] / "docs"


class Chapter(NamedTuple):
    """A page of a guide: its heading, and what stands below it as HTML."""

    heading: str
    body: str


def folder(guide: str) -> Path:
    """Where a guide's files lie: in the installed package, else in the source tree."""
    installed = _INSTALLED / guide
    return installed if installed.is_dir() else _SOURCE / guide


@cache
def chapters(guide: str) -> frozenset[str]:
    """The names of a guide's chapters; README is the first page."""
    names = (path.name for path in folder(guide).glob("*.md")) if guide in GUIDES else ()
    return frozenset(name.removesuffix(".md").removesuffix(LANGUAGE) for name in names)


@cache
def pictures(guide: str) -> frozenset[str]:
    """Paths of a guide's pictures below its folder."""
    place = folder(guide)
    found = place.glob("img/*/*") if guide in GUIDES else ()
    return frozenset(path.relative_to(place).as_posix() for path in found if path.suffix in PICTURES)


@cache
def chapter(guide: str, name: str, language: str) -> Chapter | None:
    """A chapter in a language, else in English; None where there is none."""
    if name not in chapters(guide):
        return None
    place = folder(guide)
    own = place / f"{name}{LANGUAGE}.md"
    text = (own if language == "ja" and own.exists() else place / f"{name}.md").read_text("utf-8")
    heading, _, rest = text.partition("\n")
    return Chapter(heading.lstrip("# "), _rendered(guide, rest, "表" if language == "ja" else "Table"))


def _rendered(guide: str, text: str, table: str) -> str:
    reader = _reader()
    tokens = reader.parse(text)
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(tokens[at + 1].content))
        for child in token.children or ():
            _readdress(guide, child)
    return str(reader.renderer.render(tokens, reader.options, {"table": table}))


def _anchor(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")


def _readdress(guide: str, token: Any) -> None:
    if token.type == "link_open":
        token.attrSet("href", address(guide, str(token.attrGet("href") or "")))
    if token.type == "image":
        token.attrSet("src", f"/help/{guide}/{token.attrGet('src')}")
        token.attrSet("loading", "lazy")


def address(guide: str, link: str) -> str:
    """Where a link of the Markdown leads on the pages: to a chapter, or as it stands. Other files lead to the start."""
    path, mark, anchor = link.partition("#")
    if not path or ":" in path or path.startswith("/"):
        return link
    parts = PurePosixPath(path)
    where = parts.parent.name if parts.parent.name in GUIDES else guide
    name = parts.name.removesuffix(".md").removesuffix(LANGUAGE)
    if parts.suffix != ".md" or name not in chapters(where):
        return f"/help/{guide}"
    return (f"/help/{where}" if name == START else f"/help/{where}/{name}") + mark + anchor


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.add_render_rule("table_open", _scrolled)
    made.add_render_rule("table_close", _scroll_end)
    made.add_render_rule("fence", _commands)
    made.add_render_rule("code_block", _commands)
    return made


def _scrolled(_self: Any, _tokens: Any, _at: int, _options: Any, env: Any) -> str:
    env["tables"] = env.get("tables", 0) + 1
    label = html.escape(f"{env['table']} {env['tables']}", quote=True)
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table class="table">'


def _commands(_self: Any, tokens: Any, at: int, _options: Any, _env: Any) -> str:
    """What is typed into a terminal, reached by keyboard where it is wider than the page."""
    return f'<pre tabindex="0"><code>{html.escape(tokens[at].content)}</code></pre>\n'


def _scroll_end(_self: Any, _tokens: Any, _at: int, _options: Any, _env: Any) -> str:
    return "</table></div>"
