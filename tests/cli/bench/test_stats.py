"""The bench of sales, small: every figure is there and the pairs are those of bare DuckDB."""

from __future__ import annotations

import pytest

from cli.bench import stats


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_small_run() -> None:
    said: list[str] = []
    report = stats.run(10_000, 30_000, said.append)
    assert report.figures["lines_imported"] == 10_000
    assert report.figures["lines_asked"] == 30_000
    assert {target.name for target in report.targets} == {
        "import_lines_per_s", "import_share_of_read_csv", "beside_p95_ms", "item_page_reports_p95_ms", "pairs_ratio",
    }  # fmt: skip
    assert all(value > 0 for value in (*report.figures.values(), *report.floors.values()))
    assert len(said) == 2
