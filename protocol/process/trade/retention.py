"""How long a paper has to be kept, by its kind: a home's own rule, whatever the author's header says.

Owns the terms. They are the longest that Japanese law may ask for, counted from a time that the home itself knows:
it does not know a firm's business year, nor whether it carries a loss forward. Knows no clock and no store.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from protocol.process.trade.papers import Message, Paper

DAY_US: Final = 24 * 3600 * 1_000_000
YEAR_US: Final = 366 * DAY_US


class Term(NamedTuple):
    """``rule``: its name, for people and answers; ``length`` in µs, 0: nothing asks for it."""

    rule: str
    length: int


#: 電子帳簿保存法 with 法人税法施行規則 59: ten years (a loss carried forward) from the day by which the return of the
#: business year is due, so a year and two months more than ten at most.
BOOKS: Final = Term("books", 11 * YEAR_US + 62 * DAY_US)
#: 取適法 7: what was said about prices, two years.
TALKS: Final = Term("price-talks", 2 * YEAR_US)
NONE: Final = Term("", 0)
AUTHOR: Final = "author"  # the rule where the author's header asks for longer than the home's own
LONGEST: Final = 12 * YEAR_US  # what an author can ask for

_OFFERS: Final = frozenset({"catalogue", "catalogue_request", "catalogue_withdrawal"})
#: They order nothing and state no price to anybody: the order that may come of them is kept.
_REPLENISHMENT: Final = frozenset({"sales_report", "replenishment_proposal", "replenishment_answer"})


def term_of(kind: str, paper: Paper | None) -> Term:
    """The term of a paper of the type ``kind``; None: its body is not here, so the longest of that type."""
    if kind in _OFFERS or kind in _REPLENISHMENT:
        return NONE
    if kind != "message":
        return BOOKS
    return NONE if isinstance(paper, Message) and paper.kind == "note" else TALKS


class Kept(NamedTuple):
    """The ``rule`` by which a paper stays, and ``until`` when (µs UTC). No rule: nothing keeps it."""

    rule: str
    until: int


def kept(kind: str, paper: Paper | None, stored: int, keep_until: int, now: int) -> Kept:
    """What keeps a paper that was stored here at ``stored``; ``keep_until``: the author's word in its header."""
    term = term_of(kind, paper)
    own = Kept(term.rule, stored + term.length) if term.length else Kept("", 0)
    said = Kept(AUTHOR, min(keep_until, stored + LONGEST)) if keep_until else Kept("", 0)
    longest = max(own, said, key=lambda one: one.until) if own.until != said.until else own
    return longest if longest.until > now else Kept("", 0)
