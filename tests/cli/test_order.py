"""Sending several orders by one command: what went is told whatever ends it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from cli import document, order
from cli.exits import Exit, Failure
from protocol.limits import MAX_XML_BYTES


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), Failure(Exit.BAD_INPUT, "x", {"kept": "nothing was stored"})])
def test_what_went_before_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: BaseException) -> None:
    files = [tmp_path / f"{at}.json" for at in range(3)]
    for file in files:
        file.write_text("{}")

    def send_one(file: Path, *_rest: object) -> dict[str, Any]:
        if file == files[2]:
            raise ending
        return {"number": f"PO-{file.stem}", "document": "ab", "verdict": "applied", "reason": ""}

    monkeypatch.setattr(order, "_send_one", send_one)
    with pytest.raises(Failure) as caught:
        order.send(files)
    failure = caught.value
    assert "PO-0, PO-1" in str(failure)
    assert [item["number"] for item in failure.problem["sent"]] == ["PO-0", "PO-1"]
    assert failure.problem["kept"] == "2 orders that were sent before it"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"PO-1;bracket", "neither XML nor JSON (line 1, column 1)"),
        (b"\xff\x00\xfe", "neither XML nor JSON"),
        (b"<Order>" + b"x" * MAX_XML_BYTES, "a paper has at most 4,194,304"),
    ],
)
def test_a_file_that_is_no_paper_is_named(tmp_path: Path, data: bytes, told: str) -> None:
    file = tmp_path / "order.xml"
    file.write_bytes(data)
    with pytest.raises(Failure) as caught:
        order.send([file])
    assert caught.value.code == Exit.BAD_INPUT
    assert str(file) in str(caught.value)
    assert told in str(caught.value)
    assert "Nothing was stored" in str(caught.value)


def test_a_proof_is_for_its_owner_alone(tmp_path: Path) -> None:
    document.write_new(tmp_path / "a.yui-proof", b"x")
    assert stat.S_IMODE((tmp_path / "a.yui-proof").stat().st_mode) == 0o600
    with pytest.raises(Failure, match="exists already"):
        document.write_new(tmp_path / "a.yui-proof", b"y")
