"""The report of a drill outside the node: verified as JSON and as the printed page, without a node."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exits import Exit
from node import drillpage, i18n
from node.services.drilling import report
from tests.cli.running import yui
from tests.node.services.drilling.test_drill import drill
from tests.node.services.guarding.province import Province


@pytest.fixture(scope="module")
def signed() -> dict[str, object]:
    province = Province(3)
    return report.sign(province.home.town.house, drill(province))


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_printed_page_verifies_and_says_what_was_signed(
    tmp_path: Path, signed: dict[str, dict[str, str]], language: str
) -> None:
    page = tmp_path / "drill.html"
    text = drillpage.page(signed, language)
    page.write_text(text, "utf-8")
    ran = yui(tmp_path, "drill", "verify", str(page), "--json")
    assert ran.code == 0, ran.err
    assert ran.json["page"] is True
    assert ran.json["report"]["node"] == signed["report"]["node"]
    page.write_text(text.replace("<h2>", "<h2>…", 1), "utf-8")
    ran = yui(tmp_path, "drill", "verify", str(page))
    assert ran.code == Exit.NOT_VERIFIED
    assert signed["report"]["name"] in text
    assert "<script>" not in text


def test_names_in_the_page_are_only_text(signed: dict[str, dict[str, object]]) -> None:
    found = {**signed["report"], "name": "<script>alert(1)</script>"}
    text = drillpage.page({**signed, "report": found}, "ja")
    assert "<script>alert" not in text
    assert text.count("<script") == 1


def test_json_verifies_and_another_node_is_refused(tmp_path: Path, signed: dict[str, dict[str, str]]) -> None:
    file = tmp_path / "drill.json"
    file.write_bytes(report.encode(signed))
    node = signed["report"]["node"]
    assert yui(tmp_path, "drill", "verify", str(file), "--node", node[:12]).code == 0
    assert yui(tmp_path, "drill", "verify", str(file), "--node", "00").code == Exit.NOT_VERIFIED
    file.write_bytes(file.read_bytes()[:-9])
    assert yui(tmp_path, "drill", "verify", str(file)).code == Exit.NOT_VERIFIED


def test_a_drill_needs_the_running_node(tmp_path: Path) -> None:
    assert yui(tmp_path, "drill").code == Exit.UNREACHABLE
