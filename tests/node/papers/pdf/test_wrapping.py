"""Lines end where Japanese lets them end, and always fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.papers.pdf.wrapping import NOT_FIRST, wrap


def wide(piece: str) -> float:
    return sum(1.0 if char.isascii() else 2.0 for char in piece)


def test_it_breaks_between_any_two_japanese_characters_and_between_words() -> None:
    assert wrap("東京都千代田区", 6, wide) == ["東京都", "千代田", "区"]
    assert wrap("one two three", 7, wide) == ["one two", "three"]
    assert wrap("SUS304の板", 7, wide) == ["SUS304", "の板"]
    assert wrap("", 7, wide) == [""]
    assert wrap("a\n\nb", 7, wide) == ["a", "", "b"]


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    assert wrap("あいう。え", 6, wide) == ["あい", "う。え"]
    assert wrap("あい（う）", 6, wide) == ["あい", "（う）"]
    assert wrap("サーバー", 6, wide) == ["サー", "バー"]


def test_a_word_wider_than_the_line_is_cut() -> None:
    assert wrap("abcdefgh", 3, wide) == ["abc", "def", "gh"]


@given(st.text(alphabet="あア漢。、（）ー 「」ab1,.-\n", max_size=60), st.integers(2, 20))
def test_nothing_is_lost_and_everything_fits(text: str, width: int) -> None:
    lines = wrap(text, width, wide)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert wide(line) <= max(width, 2) + 6  # at most three characters are carried over beside their mark


@given(st.text(alphabet="あア漢。", min_size=1, max_size=60))
def test_marks_alone_never_open_a_line(text: str) -> None:
    lines = wrap(text.replace("。。", "。").replace("。。", "。"), 12, wide)
    assert all(line[0] not in NOT_FIRST for line in lines[1:] if "。。" not in text)
