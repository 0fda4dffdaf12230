"""The words that a person reads: gettext over node/locale, msgids in English.

Owns which language this process speaks. Must not know what is said: the texts stand where they are shown, marked by
`_()`; their Japanese stands in node/locale/ja/LC_MESSAGES/yui.po. After a change: `python3 yui.py translate`.
Fill values in after translating, never before: `_("{n} held").format(n=n)`.
"""

from __future__ import annotations

import gettext as gnu
import os
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "yui"
LANGUAGES = ("ja", "en")
DEFAULT = "en"  # of a process whose locale names neither: its terminal can be trusted with ASCII only
VARIABLES = ("YUI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")

_chosen: str | None = None


def language() -> str:
    """The language spoken now: what set_language chose, else YUI_LANG, else the locale's; one of LANGUAGES."""
    return _chosen or _of_environment()


def set_language(name: str | None) -> str:
    """Speak `name` ("ja", "en", or a locale such as "ja_JP.UTF-8") from now on; None goes back to the environment.

    A name that is neither Japanese nor English means DEFAULT. Returns what is spoken now.
    """
    global _chosen  # noqa: PLW0603 - one process, one language
    _chosen = None if name is None else _supported(name)
    return language()


def translations(name: str) -> gnu.NullTranslations:
    """The catalogue of one of LANGUAGES, for a part that speaks several at once. Without it: the msgids."""
    return _catalogue(_supported(name))


def _(message: str) -> str:
    """The message in the language spoken now."""
    return _catalogue(language()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form of the message for `n` things; fill in with `.format(n=n)`."""
    return _catalogue(language()).ngettext(singular, plural, n)


def N_(message: str) -> str:  # noqa: N802 - the name that extractors know
    """Mark a message for the catalogue without translating it yet, as in tables built at import."""
    return message


def _supported(name: str) -> str:
    code = name.replace("-", "_").split("_")[0].split(".")[0].lower()
    return code if code in LANGUAGES else DEFAULT


def _of_environment() -> str:
    return _supported(next((os.environ[name] for name in VARIABLES if os.environ.get(name)), DEFAULT))


@cache
def _catalogue(name: str) -> gnu.NullTranslations:
    return gnu.translation(DOMAIN, LOCALE, [name], fallback=True)
