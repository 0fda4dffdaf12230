"""Which language is spoken, and what is said when a catalogue lacks a message."""

from collections.abc import Iterator

import pytest

from node import i18n


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in i18n.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    i18n.set_language(None)
    yield
    i18n.set_language(None)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, "ja"),
        ({"LANG": "C", "YUI_LANG": "ja"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "YUI_LANG": "en"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_language_comes_from_yui_lang_then_from_the_locale(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert i18n.language() == expected


def test_a_chosen_language_wins_until_it_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert i18n.set_language("en") == "en"
    assert i18n.set_language("ja-JP") == "ja"
    assert i18n.set_language("../../etc") == "en"
    assert i18n.set_language(None) == "ja"


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_message_without_translation_is_said_in_english(language: str) -> None:
    i18n.set_language(language)
    assert i18n._("a message that no catalogue has") == "a message that no catalogue has"
    assert i18n._("") == ""


def test_plural_forms_without_translation_follow_english() -> None:
    i18n.set_language("en")
    assert [i18n.ngettext("{n} gadget", "{n} gadgets", n).format(n=n) for n in (0, 1, 2)] == [
        "0 gadgets",
        "1 gadget",
        "2 gadgets",
    ]
