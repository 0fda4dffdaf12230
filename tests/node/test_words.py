"""Every name that a person may be shown has its word, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from federation.peers import PeerState
from node import words
from node.i18n import translations
from protocol.link.receipt import Verdict
from protocol.process.trade.papers import PAPERS
from protocol.process.trade.table import Role, State

TABLES: list[tuple[Mapping[str, str], list[str]]] = [
    (words.PAPERS, list(PAPERS)),
    (words.STATES, [state.value for state in State]),
    (words.VERDICTS, [verdict.value for verdict in Verdict]),
    (words.ROLES, [role.value for role in Role]),
    (words.PEERS, [state.value for state in PeerState]),
]


@pytest.mark.parametrize(("table", "names"), TABLES)
def test_every_name_has_its_word(table: Mapping[str, str], names: list[str]) -> None:
    assert set(names) <= set(table)


def test_every_word_has_its_japanese() -> None:
    say = translations("ja").gettext
    tables = [table for table, _names in TABLES] + [words.DIRECTIONS, words.QUARANTINE]
    missing = [text for table in tables for text in table.values() if say(text) == text]
    assert missing == []


def test_a_name_of_a_newer_version_is_shown_as_it_is() -> None:
    assert words.paper("bill_of_lading") == "bill_of_lading"
