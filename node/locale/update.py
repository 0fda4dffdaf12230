"""`python3 yui.py translate`: extract messages from cli/, node/ and its templates, update the catalogues, compile them.

Owns the catalogue files. Works in a checkout, not in an installed node. The same sources give the same bytes: no times
and no line numbers are written. A message that nobody uses any more leaves; a changed one is a new one to translate.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from node.i18n import DOMAIN, LANGUAGES, LOCALE
from node.locale import rules

ROOT = LOCALE.parents[1]
SOURCES = ("cli", "node")
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "say": None, "ngettext": (1, 2)}
EXTENSIONS = {"extensions": "jinja2.ext.do,jinja2.ext.loopcontrols", "silent": "false"}
NO_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def templates() -> list[Path]:
    """The templates of pages, in a fixed order."""
    return sorted((ROOT / "node" / "web" / "templates").rglob("*.html"))


def sources() -> list[Path]:
    """The Python files whose messages are shown to people, in a fixed order."""
    return sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))


def extract() -> Catalog:
    """A catalogue of every marked message in the sources."""
    template = Catalog()
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        for _line, message, comments, _context in extract_from_file("python", path, KEYWORDS, ["Translators:"]):
            template.add(message, locations=[(name, 0)], auto_comments=comments)
    for path in templates():
        name = path.relative_to(ROOT).as_posix()
        with path.open("rb") as file:
            for _line, _function, found, _comments in babel_extract(file, tuple(KEYWORDS), [], EXTENSIONS):
                texts = tuple(text for text in found if text) if isinstance(found, tuple) else (found or "",)
                if any(texts):  # else a word out of a table, which is marked where it stands
                    template.add(texts if len(texts) > 1 else texts[0], locations=[(name, 0)])
    return template


def read(language: str) -> Catalog:
    """The catalogue of one language as committed; an empty one when there is none."""
    path = po_path(language)
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN, ignore_obsolete=True)


def po_path(language: str) -> Path:
    """Where the catalogue of a language lies; the compiled one beside it, with the suffix .mo."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def update(language: str, template: Catalog) -> Catalog:
    """Bring one language's files to the messages of `template`, keeping its translations; the new catalogue."""
    old, new = read(language), _empty(language)
    for message in template:
        if not message.id:
            continue
        known = old.get(message.id)
        text = known.string if known is not None and known.id == message.id else ""
        flags = known.flags if known is not None else ()
        new.add(message.id, text, locations=message.locations, flags=flags, auto_comments=message.auto_comments)
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, sort_output=True, include_lineno=False, width=120)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, new)
    return new


def untranslated(catalogue: Catalog) -> Iterator[str]:
    """The messages of a catalogue that have no text yet, or lack a form."""
    for message in catalogue:
        texts = (message.string,) if isinstance(message.string, str) else message.string
        if message.id and not (texts and all(texts)):
            yield message.id if isinstance(message.id, str) else message.id[0]


def _empty(language: str) -> Catalog:
    return Catalog(
        locale=language,
        domain=DOMAIN,
        project="yui-node",
        version="0",
        msgid_bugs_address="see CONTRIBUTING.md",
        last_translator="the contributors",
        language_team="the contributors",
        header_comment=f"# {language}: messages of yui-node. Edit the msgstr lines, then: python3 yui.py translate",
        creation_date=NO_TIME,
        revision_date=NO_TIME,
        fuzzy=False,
    )


def main() -> int:
    """Update every language and say what is left to translate; 1 when Japanese lacks something."""
    template = extract()
    missing: list[str] = []
    for language in LANGUAGES:
        catalogue = update(language, template)
        if language != "en":  # the msgids are English already
            missing += [*untranslated(catalogue), *rules.update(language)]
        print(f"{po_path(language).relative_to(ROOT)}: {len(catalogue)} messages")
    for message in missing:
        print(f"untranslated: {message!r}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
