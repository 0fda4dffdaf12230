"""Every message that a person may see has its Japanese, and the compiled catalogues say the same as the sources."""

import ast
import gettext
import re
import string

import pytest
from babel.messages.catalog import Catalog, Message

from node.i18n import LANGUAGES
from node.locale import update

AGAIN = "run `python3 yui.py translate` and fill in what it names"


@pytest.fixture(scope="module")
def template() -> Catalog:
    return update.extract()


def texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def ids(catalogue: Catalog) -> set[tuple[str, ...]]:
    return {(m.id,) if isinstance(m.id, str) else tuple(m.id) for m in catalogue if m.id}


def placeholders(text: str) -> set[str]:
    """`{name}` and `%(name)s` fields of a text; those of a plural form are a set, as a form may repeat one."""
    try:
        fields = {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}
    except ValueError:  # a lone brace: the text is never formatted
        fields = set()
    return fields | set(re.findall(r"%\(\w+\)[a-z]|%[sdr]", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_has_exactly_the_messages_in_use(template: Catalog, language: str) -> None:
    catalogue = update.read(language)
    assert ids(catalogue) == ids(template), AGAIN


def test_every_message_is_in_japanese() -> None:
    catalogue = update.read("ja")
    assert list(update.untranslated(catalogue)) == [], AGAIN
    assert [m.id for m in catalogue if m.fuzzy and m.id] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language: str) -> None:
    wrong = []
    for message in update.read(language):
        if not message.id:
            continue
        plural = message.id if isinstance(message.id, str) else message.id[-1]
        wrong += [(plural, text) for text in texts(message) if text and placeholders(text) != placeholders(plural)]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_says_what_its_source_says(language: str) -> None:
    path = update.po_path(language).with_suffix(".mo")
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in update.read(language):
        if not message.id or not all(texts(message)):
            continue
        if isinstance(message.id, str):
            assert compiled.gettext(message.id) == message.string, AGAIN
        else:
            assert {compiled.ngettext(*message.id, n) for n in range(120)} == set(texts(message)), AGAIN
    known = {key if isinstance(key, str) else key[0] for key in compiled._catalog if key}  # type: ignore[attr-defined]
    assert known <= {one[0] for one in ids(update.read(language))}, AGAIN


def test_messages_are_literals() -> None:
    """`_(f"…")` would look up a text that no catalogue can have; `_("…" % x)` and `_("…".format())` likewise."""
    wrong = []
    for path in update.sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in update.KEYWORDS:
                bad = [a for a in node.args if isinstance(a, ast.JoinedStr | ast.BinOp | ast.Call)]
                if node.func.id == "say":  # a reader's translation: it is also given messages out of tables
                    bad = [a for a in bad if not isinstance(a, ast.Call) or isinstance(a.func, ast.Attribute)]
                if bad and not (node.func.id == "ngettext" and bad == node.args[2:]):
                    wrong.append(f"{path.relative_to(update.ROOT)}:{node.lineno}")
    assert wrong == []


@pytest.fixture
def elsewhere(tmp_path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """A project of one module, with its own catalogues."""
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "say.py").write_text(
        '_("kept {name}")\nngettext("{n} order", "{n} orders", 2)\nN_("later")\nplain("no")\n', "utf-8"
    )
    monkeypatch.setattr(update, "ROOT", tmp_path)
    monkeypatch.setattr(update, "LOCALE", tmp_path / "locale")
    return tmp_path


def test_update_extracts_keeps_compiles_and_repeats_itself(elsewhere) -> None:  # type: ignore[no-untyped-def]
    first = update.update("ja", update.extract())
    assert sorted(update.untranslated(first)) == ["kept {name}", "later", "{n} order"]
    po = update.po_path("ja")
    po.write_text(
        po.read_text("utf-8")
        .replace('msgid "kept {name}"\nmsgstr ""', 'msgid "kept {name}"\nmsgstr "{name} 保管"')
        .replace('msgstr[0] ""', 'msgstr[0] "注文 {n} 件"'),
        "utf-8",
    )
    second = update.update("ja", update.extract())
    assert list(update.untranslated(second)) == ["later"]
    files = [po.read_bytes(), po.with_suffix(".mo").read_bytes()]
    update.update("ja", update.extract())
    assert [po.read_bytes(), po.with_suffix(".mo").read_bytes()] == files
    spoken = gettext.translation("yui", elsewhere / "locale", ["ja"])
    assert spoken.gettext("kept {name}") == "{name} 保管"
    assert spoken.ngettext("{n} order", "{n} orders", 3) == "注文 {n} 件"

    (elsewhere / "cli" / "say.py").write_text('_("kept {name}!")\n', "utf-8")
    third = update.update("ja", update.extract())
    assert list(update.untranslated(third)) == ["kept {name}!"]
    assert "注文" not in po.read_text("utf-8")
