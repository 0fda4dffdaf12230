"""A refusal in the reader's language: the rule that was broken is an English sentence where it is raised.

Owns the way from that sentence back to the template it was made from, and to its translation. In
``locale/LANGUAGE/rules.json`` stand the templates that `python3 yui.py translate` finds where something is refused
(``{0}``, ``{1}`` … are what was filled in). A sentence that nobody translated is shown as it is.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from typing import NamedTuple

from node.i18n import LOCALE, language, translations
from protocol.errors import CallerFault

_PLACE = re.compile(r"\{([0-9]+)\}")


class _Template(NamedTuple):
    pattern: re.Pattern[str]
    text: str


def said(rule: str, to: str = "") -> str:
    """``rule`` in the language ``to``, by default the one spoken now."""
    return _said(rule, to or language())


@lru_cache(maxsize=2048)
def _said(rule: str, name: str) -> str:
    if not rule:
        return ""
    found = translations(name).gettext(rule)
    if found != rule:
        return found
    exact, templates = _known(name)
    if rule in exact:
        return exact[rule]
    for template in templates:
        match = template.pattern.fullmatch(rule)
        if match is not None:
            return template.text.format(*(exact.get(value, value) for value in match.groups()))
    return rule


def text_of(error: Exception, to: str = "") -> str:
    """What an error says: field and rule, in the language ``to``."""
    if isinstance(error, CallerFault):
        rule = said(error.rule, to)
        return f"{error.field}: {rule}" if error.field else rule
    return said(str(error), to)


@cache
def _known(name: str) -> tuple[dict[str, str], tuple[_Template, ...]]:
    """Whole sentences, and templates, those first that say most of their own."""
    path = LOCALE / name / "rules.json"
    if not path.is_file():
        return {}, ()
    texts: dict[str, str] = json.loads(path.read_text("utf-8"))
    exact = {rule: text for rule, text in texts.items() if not _PLACE.search(rule)}
    others = sorted(texts.keys() - exact.keys(), key=lambda rule: (-len(_PLACE.sub("", rule)), rule))
    return exact, tuple(_Template(_pattern(rule), texts[rule]) for rule in others)


def _pattern(rule: str) -> re.Pattern[str]:
    pieces = (re.escape(piece) if at % 2 == 0 else "(.+?)" for at, piece in enumerate(_PLACE.split(rule)))
    return re.compile("".join(pieces), re.DOTALL)
