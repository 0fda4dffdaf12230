"""Every rule that a refusal names has its Japanese, and is found again when values are filled in."""

from __future__ import annotations

import re

import pytest

from node import i18n, rules
from node.locale import rules as catalogue
from protocol.errors import CallerFault, Malformed
from protocol.process.trade.table import SUBJECT, TABLE, State, why_not

PLACE = re.compile(r"\{[0-9]+\}")
AMBIGUOUS = ("must be {0}: {1}", "{0} is not there")  # longer ones fit as well
AGAIN = "run `python3 yui.py translate` and fill in node/locale/ja/rules.json"


def test_every_rule_in_the_sources_is_translated() -> None:
    known = catalogue.read("ja")
    assert set(known) == catalogue.templates(), AGAIN
    assert [rule for rule, text in known.items() if not text] == [], AGAIN


def test_translations_fill_in_no_more_than_there_is() -> None:
    for rule, text in catalogue.read("ja").items():
        assert set(PLACE.findall(text)) <= set(PLACE.findall(rule)), rule


def test_a_filled_in_rule_comes_back_in_japanese() -> None:
    for rule, text in catalogue.read("ja").items():
        values = [f"値{at}" for at in range(9)]
        shown = rules.said(rule.format(*values), "ja")
        if i18n.translations("ja").gettext(rule) == rule and rule not in AMBIGUOUS:  # else pages say it too
            assert shown == text.format(*values), rule
        assert rules.said(rule.format(*values), "en") == rule.format(*values)


@pytest.mark.parametrize(
    ("error", "japanese"),
    [
        (CallerFault("lines[0].quantity", "must be above 0"), "lines[0].quantity: 0より大きい数です"),
        (CallerFault("limit", "1 to 200"), "limit: 1から200までです"),
        (CallerFault("", "no such document"), "その書類はありません"),
        (CallerFault("x", "something that nobody translated"), "x: something that nobody translated"),
        (Malformed("a sentence between nodes"), "a sentence between nodes"),
    ],
)
def test_an_error_says_field_and_rule(error: CallerFault, japanese: str) -> None:
    assert rules.text_of(error, "ja") == japanese
    assert rules.text_of(error, "en") == str(error)


def test_every_impossible_step_is_said_in_japanese() -> None:
    for name in TABLE:
        for state in SUBJECT:
            shown = rules.said(why_not(name, state, ""), "ja")
            assert not re.search("[a-z]{3}", shown), shown
    assert rules.said(f"{SUBJECT[State.REFUSED]} cannot be shipped", "ja") == "断られた注文は出荷できません"
