"""Row 17, the part without pages: nothing that a stranger writes breaks a log line or moves a terminal's cursor."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import structlog

from cli import output
from node import logs
from node.config import LogSection
from tests.node.api.town import BUYER, serving

NASTY = 'x\n{"event":"forged","level":"info"}\r\x1b[2J\x1b]0;title\x07\u202egnp.exe\u2028'


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_value_stays_inside_its_line(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    try:
        logs.configure(LogSection(format=form))  # type: ignore[arg-type]
        structlog.get_logger("test").warning("refused", peer=NASTY, reason=NASTY)
    finally:
        structlog.reset_defaults()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "\x1b[2J" not in text
    assert "\r" not in text
    if form == "json":
        assert json.loads(text)["peer"] == NASTY


async def test_a_request_leaves_no_business_data_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with serving(tmp_path) as api:
        await api.send("SECRET-NUMBER-1")
        await api.call(BUYER, "GET", "/v1/documents?text=SECRET-NUMBER-1%0AINJECTED")
        await api.call(BUYER, "GET", "/v1/SECRET-PATH%0AINJECTED")
        await api.call("", "GET", "/v1/me", token="yui_SECRET-TOKEN")
        metrics = (await api.call("", "GET", "/metrics", token=api.token(""))).body.decode()
    said = capfd.readouterr()
    for text in (said.out, said.err, metrics):
        assert "SECRET" not in text
        assert "INJECTED" not in text


def test_the_command_line_shows_control_characters_as_their_codes() -> None:
    shown = output.clean(NASTY)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\r" not in shown
    assert "<001B>" in shown
    assert "<202E>" in shown
    assert output.clean("株式会社 花咲堂 (Ⅱ)") == "株式会社 花咲堂 (Ⅱ)"


def test_a_name_in_a_table_cannot_use_the_tables_own_markup(capsys: pytest.CaptureFixture[str]) -> None:
    output.Mode.json = False
    output.table([], ["Name"], [["[bold red]boss[/] [link=file:///etc/passwd]x[/link]"]])
    said = capsys.readouterr().out
    assert "[bold red]boss[/]" in said
