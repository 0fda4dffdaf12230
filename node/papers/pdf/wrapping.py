"""Where a line of text may end: anywhere between Japanese characters, between words elsewhere.

Owns the rules of 禁則: no line begins with a closing mark or ends with an opening one. Pure: how wide a text is, the
caller says. Source: JIS X 4051, the usual minimum of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

NOT_FIRST: Final = frozenset(
    "、。，．・：；？！゛゜ヽヾゝゞ々ー）］｝〉》」』】〕〗’”°℃％‰,.:;?!)]}%ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ｡｣､･ｰﾞﾟｧｨｩｪｫｬｭｮｯ"
)
NOT_LAST: Final = frozenset("（［｛〈《「『【〔〖‘“￥＄#¥$([{｢№")
# A word: what has no place to break inside. Everything from CJK on breaks between any two characters.
_TOKENS: Final = re.compile(r"[ \t]+|[!-~¡-ɏͰ-Ͽ]+|.", re.DOTALL)

Measure = Callable[[str], float]


def wrap(text: str, width: float, measure: Measure) -> list[str]:
    """The lines of ``text``, none wider than ``width`` in the unit of ``measure``; at least one line.

    Line ends in the text are kept. A word that is wider than a line is cut where it is full.
    """
    return [line for paragraph in text.splitlines() or [""] for line in _paragraph(paragraph, width, measure)]


def _paragraph(text: str, width: float, measure: Measure) -> Iterator[str]:
    line: list[str] = []
    used = 0.0  # widths add up: the fonts are set without kerning
    for piece in _pieces(text, width, measure):
        if not line and piece.isspace():
            continue
        wide = measure(piece)
        if line and used + wide > width and not piece.isspace():
            carried = _carried(line, piece)
            yield "".join(line).rstrip()
            line, used = carried, sum(map(measure, carried))
        line.append(piece)
        used += wide
    yield "".join(line).rstrip()


def _carried(line: list[str], piece: str) -> list[str]:
    """Take from the end of ``line`` what has to stand with ``piece``: at most three words, and never all of it."""
    count = 0
    while count < min(3, len(line) - 1) and (_ends_open(line[-1 - count]) or _begins_closed(piece)):
        piece = line[-1 - count]
        count += 1
    carried = line[len(line) - count :]
    del line[len(line) - count :]
    return carried


def _ends_open(piece: str) -> bool:
    return piece[-1] in NOT_LAST


def _begins_closed(piece: str) -> bool:
    return piece[0] in NOT_FIRST


def _pieces(text: str, width: float, measure: Measure) -> Iterator[str]:
    """Words, spaces and single characters; a word too wide for a line in pieces that fit."""
    for found in _TOKENS.finditer(text):
        piece = found.group()
        while len(piece) > 1 and measure(piece) > width:
            count = _fitting(piece, width, measure)
            yield piece[:count]
            piece = piece[count:]
        if piece:
            yield piece


def _fitting(word: str, width: float, measure: Measure) -> int:
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(word[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low
