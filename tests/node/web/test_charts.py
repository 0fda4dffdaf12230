"""Charts that the server draws: scales, gaps, nothing unescaped."""

from __future__ import annotations

import pytest
from lxml import etree

from node.web.charts import Line, chart


def drawn(*lines: Line, per: int = 1) -> etree._Element:
    labels = ["<9/1>", *[""] * (len(lines[0].values) - 1)]
    return etree.fromstring(f"<p>{chart('A & B', lines, labels, per=per)}</p>")


def paths(page: etree._Element, kind: str) -> list[str]:
    return [str(one.get("d")) for one in page.iterfind(f"svg[1]/path[@class='chart-line chart-{kind}']")]


def test_a_line_with_gaps() -> None:
    page = drawn(Line("own", "mine", [0, 5, None, 8, None, 2, 2]), Line("others", "<others>", [None] * 7))
    (own,) = paths(page, "own")
    assert own.startswith("M76 220L")
    assert own.count("M") == 3  # two pieces and a lone stroke
    assert own.count("H") == 1
    assert paths(page, "others") == [""]
    (svg,) = [one for one in page.iterfind("svg") if one.get("role") == "img"]
    assert svg.get("aria-label") == "A & B"
    assert "<9/1>" in "".join(str(text) for text in page.itertext())
    assert [one.text for one in page.iterfind("svg/text")][:5] == ["0", "2", "4", "6", "8"]


@pytest.mark.parametrize(
    ("values", "per", "scale"),
    [
        ([1234567], 1, ["0", "500,000", "1,000,000", "1,500,000", "2,000,000"]),
        ([2500], 1000, ["0", "1", "2", "3", "4"]),
        ([100], 1000, ["0", "0.25", "0.5", "0.75", "1"]),
        ([-3000, 1000], 1000, ["−4", "−2.75", "−1.5", "−0.25", "1"]),
        ([None], 1, ["0", "0", "0", "0", "1"]),
    ],
)
def test_scales(values: list[int | None], per: int, scale: list[str]) -> None:
    page = drawn(Line("own", "mine", values), per=per)
    found = [one.text for one in page.iterfind("svg/text") if one.get("class") == "chart-scale"]
    assert found == scale
