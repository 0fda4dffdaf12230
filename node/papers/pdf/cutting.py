"""A small CFF font of the glyphs that one paper uses, cut from a face that is parsed once and kept.

Owns the cutting: outlines as they are, without their subroutines, each with the face's own hints. What it remembers of
a face are the outlines cut so far, at most all of them. Knows neither papers nor characters. One thread at a time.
Source: Adobe Technical Notes 5176 (Compact Font Format) and 5177 (Type 2 charstrings).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from fontTools.cffLib import (
    CFFFontSet,
    CharStrings,
    FDArrayIndex,
    FDSelect,
    GlobalSubrsIndex,
    IndexedStrings,
    SubrsIndex,
    TopDictIndex,
)
from fontTools.cffLib.transforms import desubroutinizeCharString
from fontTools.misc.psCharStrings import T2CharString
from fontTools.ttLib import TTFont, newTable

NOTDEF: Final = ".notdef"
CFF: Final = "CFF "
_POST_SCRIPT: Final = 0x00005000  # version 0.5 of maxp: a font without TrueType outlines


class _Outline(NamedTuple):
    """``code``: a charstring that calls nothing; ``dictionary``: the place of its font dictionary in the face."""

    code: bytes
    dictionary: int


class Cutter:
    """Cuts small fonts from ``face``, an OpenType font with CID-keyed CFF outlines."""

    def __init__(self, face: TTFont) -> None:
        self._face = face
        self._set = face[CFF].cff
        self._top: Any = self._set.topDictIndex[0]
        self._outlines: dict[str, _Outline] = {}

    def cut(self, names: Iterable[str]) -> TTFont:
        """A font of .notdef and the glyphs ``names``, in the order of the face: the same names, the same bytes."""
        order = [NOTDEF, *sorted(set(names) - {NOTDEF}, key=self._face.getGlyphID)]
        table = newTable(CFF)
        table.cff = self._font_set(order)
        small = TTFont(recalcTimestamp=False, recalcBBoxes=False)
        small.setGlyphOrder(order)
        small[CFF] = table
        small["maxp"] = newTable("maxp")
        small["maxp"].tableVersion = _POST_SCRIPT
        small["maxp"].numGlyphs = len(order)
        small["head"] = copy.copy(self._face["head"])
        return small

    def _outline(self, name: str) -> _Outline:
        found = self._outlines.get(name)
        if found is None:
            kept, dictionary = self._top.CharStrings.getItemAndSelector(name)
            drawn = T2CharString(bytecode=kept.bytecode, private=kept.private, globalSubrs=kept.globalSubrs)
            desubroutinizeCharString(drawn)
            drawn.compile()
            found = self._outlines[name] = _Outline(drawn.bytecode, dictionary)
        return found

    def _font_set(self, order: list[str]) -> Any:
        made = CFFFontSet()
        made.major, made.minor, made.hdrSize, made.offSize = self._set.major, self._set.minor, 4, 4
        made.otFont = None
        made.fontNames = list(self._set.fontNames[:1])
        made.strings = IndexedStrings()
        made.GlobalSubrs = GlobalSubrsIndex()
        made.topDictIndex = TopDictIndex()
        made.topDictIndex.append(self._top_dictionary(order, made))
        return made

    def _top_dictionary(self, order: list[str], made: Any) -> Any:
        outlines = [self._outline(name) for name in order]
        used = sorted({one.dictionary for one in outlines})
        top = _copied(self._top, made.strings)
        top.GlobalSubrs = made.GlobalSubrs
        top.charset = order
        top.numGlyphs = len(order)
        top.FDArray = self._dictionaries(used, made.strings)
        top.FDSelect = FDSelect()
        top.FDSelect.format = None  # the shorter one
        top.FDSelect.gidArray = [used.index(one.dictionary) for one in outlines]
        top.CharStrings = _charstrings(order, outlines, top, made.GlobalSubrs)
        return top

    def _dictionaries(self, used: Sequence[int], strings: Any) -> Any:
        """The font dictionaries that are used, their subroutines left out."""
        array = FDArrayIndex()
        array.strings = strings
        array.file, array.offsets = None, []
        for place in used:
            one = _copied(self._top.FDArray[place], strings)
            one.Private = _copied(one.Private, strings)
            one.Private.rawDict.pop("Subrs", None)
            one.Private.__dict__.pop("Subrs", None)
            array.append(one)
        return array


def _copied(dictionary: Any, strings: Any) -> Any:
    """A dictionary that can be changed without changing the face's."""
    made = copy.copy(dictionary)
    made.rawDict = dict(dictionary.rawDict)
    made.strings = strings
    return made


def _charstrings(order: list[str], outlines: Sequence[_Outline], top: Any, subrs: Any) -> Any:
    index = SubrsIndex(None, subrs, None, top.FDSelect, top.FDArray)
    index.file, index.offsets = None, []
    for outline, place in zip(outlines, top.FDSelect.gidArray, strict=True):
        private = top.FDArray[place].Private
        index.items.append(T2CharString(bytecode=outline.code, private=private, globalSubrs=subrs))
    made = CharStrings(None, None, subrs, None, top.FDSelect, top.FDArray)
    made.charStringsIndex = index
    made.charStrings = {name: place for place, name in enumerate(order)}
    made.charStringsAreIndexed = 1
    return made
