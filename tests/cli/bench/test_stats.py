"""The bench of sales, small: every figure is there and the pairs are those of bare DuckDB."""

from __future__ import annotations

import pytest

from cli.bench import stats
from cli.demonstration import lines


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_small_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_package", lambda: None)  # a year of real lines has a test of its own
    said: list[str] = []
    report = stats.run(10_000, 30_000, said.append)
    assert report.figures["lines_imported"] == 10_000
    assert report.figures["lines_asked"] == 30_000
    assert {target.name for target in report.targets} == {
        "import_lines_per_s", "import_share_of_read_csv", "beside_p95_ms", "item_page_reports_p95_ms", "pairs_ratio",
        "disclosure_forbidden_opened", "disclosure_recomputable_forbidden", "disclosure_fixed_by_lp",
    }  # fmt: skip
    measured = {name: value for name, value in report.figures.items() if not name.startswith("disclosure")}
    assert all(value > 0 for value in (*measured.values(), *report.floors.values()))
    assert len(said) == 3
