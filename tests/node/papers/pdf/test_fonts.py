"""The font of a paper: the outlines of the face, those that are used; nothing left behind for the next paper."""

from __future__ import annotations

import io

import pypdf
import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from node.papers.pdf import fonts, render
from node.papers.pdf.pen import Pen
from tests.node.papers.pdf import story

TEXT = "Abc 注文書 ｶﾀｶﾅ ひらがな 髙﨑①㈱ 〓 ¥1,200 é Я Ω 가"


def drawn(face: TTFont, name: str) -> list[tuple[str, tuple[object, ...]]]:
    pen = RecordingPen()
    face["CFF "].cff.topDictIndex[0].CharStrings[name].draw(pen)
    return list(pen.value)


@pytest.mark.parametrize("style", ["", "B"])
def test_a_cut_font_has_the_outlines_of_the_face(style: str) -> None:
    font = fonts.faces().fonts[fonts.FAMILY + style]
    names = [font.cmap[ord(char)] for char in TEXT if ord(char) in font.cmap]
    assert len(set(names)) > 25
    small = fonts.faces().cutters[font.fontkey].cut(names)
    written = io.BytesIO(small["CFF "].compile(small))
    read = CFFFontSet()
    read.decompile(written, None)
    (top,) = read.topDictIndex
    assert set(top.CharStrings.keys()) == {".notdef", *names}
    assert len(top.FDArray) > 2, "signs of several scripts, each with the hints of its own"
    whole = font.ttfont["CFF "].cff.topDictIndex[0]
    for name in {".notdef", *names}:
        pen = RecordingPen()
        top.CharStrings[name].draw(pen)
        assert pen.value == drawn(font.ttfont, name), name
        meant = whole.CharStrings.getItemAndSelector(name)[0].private.rawDict
        assert top.CharStrings[name].private.rawDict.get("BlueValues") == meant.get("BlueValues")


def test_no_paper_leaves_anything_behind() -> None:
    one, other = story.self_billed_response(), story.payment_notice()
    before = render(one, story.context(one))
    held = {key: (len(font.subset), len(font.cw)) for key, font in fonts.faces().fonts.items()}
    render(other, story.context(other))
    assert render(one, story.context(one)) == before
    assert {key: (len(font.subset), len(font.cw)) for key, font in fonts.faces().fonts.items()} == held


def test_the_font_in_the_file_holds_what_is_written_and_no_more() -> None:
    pen = Pen()
    pen.turn()
    pen.write(20, 20, "結う", 12)
    page = pypdf.PdfReader(io.BytesIO(pen.finish())).pages[0]
    (font,) = page["/Resources"]["/Font"].values()  # type: ignore[index]
    descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
    data = descriptor["/FontFile3"].get_data()
    read = CFFFontSet()
    read.decompile(io.BytesIO(data), None)
    face = fonts.faces().fonts[fonts.FAMILY]
    assert {face.cmap[ord(char)] for char in "結う"} <= set(read.topDictIndex[0].CharStrings.keys())
    assert len(read.topDictIndex[0].CharStrings) <= 5
    assert len(data) < 3_000


def test_text_is_wrapped_once_and_each_asker_gets_lines_of_its_own() -> None:
    pen = Pen()
    first = pen.lines("注文書の明細", 20, 9)
    again = pen.lines("注文書の明細", 20, 9)
    assert first == again
    first.clear()
    assert pen.lines("注文書の明細", 20, 9) == again
    assert pen.lines("注文書の明細", 10, 9) != again


def test_a_character_that_the_face_lacks_has_a_width_and_is_not_remembered() -> None:
    font = fonts.faces().fonts[fonts.FAMILY]
    known = len(font.cw)
    assert 0x7 not in font.cw
    assert font.cw[0x7] > 0
    assert len(font.cw) == known
