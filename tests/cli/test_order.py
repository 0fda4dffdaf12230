"""Sending several orders by one command: what went is told whatever ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli import order
from cli.exits import Exit, Failure


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
