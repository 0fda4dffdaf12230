"""The two faces that every paper is set in, and what they can show.

Owns the fonts of a PDF: Noto Sans CJK JP from its packages, embedded and subset, never the system's. Loaded only where
a PDF is made; a face is parsed once, what papers share of it is never changed. One thread at a time.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Set
from functools import cache
from importlib.resources import as_file
from typing import Final, NamedTuple

from fpdf import FPDF
from fpdf.fonts import SubsetMap, TTFFont
from noto_cjk_sans_jp_bold import FONT_PATH as BOLD
from noto_cjk_sans_jp_regular import FONT_PATH as REGULAR

from node.papers.pdf.cutting import Cutter

FAMILY: Final = "noto"
MISSING: Final = "〓"  # 下駄: the printer's mark for a character that is not in the case
_PDF_VERSION: Final = "1.6"  # the first with fonts of CID-keyed outlines
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")


class _Widths(dict[int, float]):
    """Widths of characters; one that the face lacks has ``missing``, and is not remembered."""

    def __init__(self, known: dict[int, float], missing: float) -> None:
        super().__init__(known)
        self._missing = missing

    def __missing__(self, char: int) -> float:
        return self._missing


class _Faces(NamedTuple):
    """``fonts`` by the key under which a PDF knows them; ``shown``: the code points that all papers can show."""

    fonts: dict[str, TTFFont]
    cutters: dict[str, Cutter]
    shown: frozenset[int]


@cache
def faces() -> _Faces:
    """Both faces, parsed at the first call: about a second and 100 MB."""
    pdf = FPDF()
    for style, source in (("", REGULAR), ("B", BOLD)):
        with as_file(source) as path:
            pdf.add_font(FAMILY, style, path)
    fonts = {key: font for key, font in pdf.fonts.items() if isinstance(font, TTFFont)}
    for font in fonts.values():
        font.cw = _Widths(font.cw, float(font.desc.missing_width))
    cutters = {key: Cutter(font.ttfont) for key, font in fonts.items()}
    return _Faces(fonts, cutters, frozenset(fonts[FAMILY].cmap))


def add_to(pdf: FPDF) -> frozenset[int]:
    """Both faces under FAMILY; the code points that they show."""
    kept = faces()
    for key, font in kept.fonts.items():
        pdf.fonts[key] = _for_one_paper(font)
    pdf._set_min_pdf_version(_PDF_VERSION)
    return kept.shown


def cut(fonts: Iterable[object]) -> None:
    """Put in place of the whole faces what a paper's ``fonts`` used of them: the last step before it is written."""
    for font in fonts:
        if isinstance(font, TTFFont):
            font.ttfont = faces().cutters[font.fontkey].cut(font.subset.get_all_glyph_names())


def _for_one_paper(font: TTFFont) -> TTFFont:
    """A font that shares the face, and has characters in use and a descriptor of its own."""
    shared = {id(one): one for one in (font.cw, font.glyph_ids)}
    made = copy.deepcopy(font, {**shared, id(font.subset): font.subset})
    made.subset = SubsetMap(made)
    made.desc = copy.copy(font.desc)
    made.missing_glyphs = []
    return made


def printable(text: str, shown: Set[int]) -> str:
    """``text`` with MISSING for what the fonts lack; variation selectors and other invisible characters go."""
    text = text.replace("\t", "    ").replace("\u00a0", " ")
    if text.isascii():
        return text
    return "".join(char if char == "\n" or ord(char) in shown else MISSING for char in _INVISIBLE.sub("", text))
