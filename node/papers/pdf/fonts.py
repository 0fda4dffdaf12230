"""The two faces that every paper is set in, and what they can show.

Owns the fonts of a PDF: Noto Sans CJK JP from its packages, embedded and subset, never the system's. Loaded only where
a PDF is made.
"""

from __future__ import annotations

import re
from collections.abc import Set
from importlib.resources import as_file
from typing import Final

from fpdf import FPDF
from noto_cjk_sans_jp_bold import FONT_PATH as BOLD
from noto_cjk_sans_jp_regular import FONT_PATH as REGULAR

FAMILY: Final = "noto"
MISSING: Final = "〓"  # 下駄: the printer's mark for a character that is not in the case
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")


def add_to(pdf: FPDF) -> frozenset[int]:
    """Both faces under FAMILY; the code points that they show."""
    for style, source in (("", REGULAR), ("B", BOLD)):
        with as_file(source) as path:
            pdf.add_font(FAMILY, style, path)
    for font in pdf.fonts.values():
        font.ttfont.recalcBBoxes = False  # type: ignore[union-attr]  # the whole font's boxes hold for a part of it too
    return frozenset(pdf.fonts[FAMILY].cmap)  # type: ignore[union-attr]


def printable(text: str, shown: Set[int]) -> str:
    """``text`` with MISSING for what the fonts lack; variation selectors and other invisible characters go."""
    text = text.replace("\t", "    ").replace("\u00a0", " ")
    if text.isascii():
        return text
    return "".join(char if char == "\n" or ord(char) in shown else MISSING for char in _INVISIBLE.sub("", text))
