"""What a notice says, in its reader's language: kinds and how many, and the link. Nothing that stands in a paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from node.i18n import N_, translations
from node.services.notices.kinds import KINDS
from node.services.notices.sending import Bundle

#: Kinds whose threads are no dealings → where such a notice leads. No partner's id: a mail server reads the link.
ELSEWHERE: Final[Mapping[str, str]] = {
    "catalogues": "/partners",
    "replenishment": "/sales/suppliers",
    "deeds": "/deeds",
}


class Words(NamedTuple):
    """``path``: the page that the notice leads to."""

    title: str
    lines: tuple[str, ...]
    path: str


def words_of(bundle: Bundle) -> Words:
    """The words of a bundle."""
    say = translations(bundle.language).gettext
    lines = []
    for kind, number in bundle.counts:
        text = say(KINDS[kind].said)
        lines.append(text if number == 1 else say(N_("{text} ({n})")).format(text=text, n=number))
    title = lines[0] if len(lines) == 1 else say(N_("Something waits for you."))
    if bundle.level:
        title = say(N_("Nobody has opened this yet: {text}")).format(text=title)
    return Words(title, tuple(lines), _path(bundle))


def _path(bundle: Bundle) -> str:
    kinds = {kind for kind, _ in bundle.counts}
    if len(kinds) == 1 and (page := ELSEWHERE.get(next(iter(kinds)))):
        return page
    return f"/dealings/{bundle.thread.hex()}" if bundle.thread else "/"
