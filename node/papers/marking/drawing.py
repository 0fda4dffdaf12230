"""Draws the watermark over pages and images. Loaded only in the process for it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.resources import as_file
from typing import Final

from fpdf import FPDF
from noto_cjk_sans_jp_regular import FONT_PATH
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError

from node.papers.marking import IMAGES
from node.papers.pdf import fonts
from protocol.errors import Malformed, TooLarge
from protocol.limits import MAX_DRAWING_PREVIEW_BYTES, MAX_DRAWING_PREVIEW_PAGES, MAX_DRAWING_PREVIEW_PIXELS

MAX_SIDE: Final = 2_400  # pixels of a preview
GREY: Final = 128
OPACITY: Final = 0.28
SLANT: Final = 30.0
ROWS: Final = 4  # marks one below the other
NOT_A_PDF: Final = "file: no PDF that can be shown"


def load() -> None:
    """Fonts and formats, before the limits hold."""
    Image.init()
    fonts.faces()
    _font(20)


def mark_pdf(data: bytes, lines: Sequence[str]) -> bytes:
    """A PDF with ``lines`` over every page, and without anything that acts by itself."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Malformed("file: the PDF is locked with a password")
        if len(reader.pages) > MAX_DRAWING_PREVIEW_PAGES:
            raise TooLarge(f"file: {len(reader.pages)} pages, a preview has at most {MAX_DRAWING_PREVIEW_PAGES}")
        writer, stamps = PdfWriter(), dict[tuple[int, int], PageObject]()
        for page in reader.pages:
            for key in ("/Annots", "/AA", "/Metadata", "/PieceInfo"):
                page.pop(key, None)
            added = writer.add_page(page)
            added.transfer_rotation_to_content()
            box = added.mediabox
            size = round(float(box.width)), round(float(box.height))
            if size not in stamps:
                stamps[size] = _stamp(*size, lines)
            added.merge_translated_page(stamps[size], float(box.left), float(box.bottom))
        out = io.BytesIO()
        writer.write(out)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, AssertionError):
        raise Malformed(NOT_A_PDF) from None
    except NotImplementedError:
        raise Malformed("file: the PDF is encrypted") from None
    made = out.getvalue()
    if len(made) > MAX_DRAWING_PREVIEW_BYTES + MAX_DRAWING_PREVIEW_BYTES // 2:
        raise TooLarge("file: its preview would be too large")
    return made


def _stamp(width: int, height: int, lines: Sequence[str]) -> PageObject:
    """A page of this size, in points, with the marks."""
    if not 20 <= width <= 14_400 or not 20 <= height <= 14_400:
        raise Malformed("file: a page that is too small or too large")
    pdf = FPDF(unit="pt", format=(width, height))
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(0)
    pdf.str_alias_nb_pages = ""
    shown = fonts.add_to(pdf)
    pdf.add_page()
    texts = [fonts.printable(line, shown) for line in lines]
    size = max(6.0, min(width, height) / 28)
    pdf.set_font(fonts.FAMILY, "", size)
    pdf.set_text_color(GREY)
    for row in range(ROWS):
        y = height * (row + 0.5) / ROWS
        with pdf.rotation(SLANT, width / 2, y), pdf.local_context(fill_opacity=OPACITY):
            for at, text in enumerate(texts):
                pdf.text(max(4.0, (width - pdf.get_string_width(text)) / 2), y + at * size * 1.4, text)
    pdf.set_font(fonts.FAMILY, "", 7)
    pdf.set_text_color(60)
    foot = " ".join(texts)
    pdf.text(max(4.0, (width - pdf.get_string_width(foot)) / 2), height - 6, foot)
    fonts.cut(pdf.fonts.values())
    return PdfReader(io.BytesIO(bytes(pdf.output()))).pages[0]


def mark_image(data: bytes, media_type: str, lines: Sequence[str]) -> bytes:
    """An image as PNG, made smaller where it is large, with ``lines`` over it."""
    try:
        with Image.open(io.BytesIO(data), formats=[IMAGES[media_type]]) as found:
            if found.width * found.height > MAX_DRAWING_PREVIEW_PIXELS:
                raise TooLarge(f"file: a preview has at most {MAX_DRAWING_PREVIEW_PIXELS} pixels")
            found.draft("RGB", (MAX_SIDE, MAX_SIDE))
            picture = found.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError):
        raise Malformed("file: no image of the kind that it says") from None
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    side = max(picture.size)
    layer = Image.new("RGBA", (2 * side, 2 * side), (0, 0, 0, 0))
    pen, size = ImageDraw.Draw(layer), max(10, min(picture.size) // 24)
    font, step = _font(size), max(4 * size, picture.height // ROWS)
    for y in range(0, 2 * side, step):
        for at, text in enumerate(lines):
            pen.text((side, y + at * size * 1.4), text, font=font, fill=(GREY, GREY, GREY, 110), anchor="mm")
    layer = layer.rotate(SLANT, center=(side, side))
    left, top = side - picture.width // 2, side - picture.height // 2
    picture.alpha_composite(layer.crop((left, top, left + picture.width, top + picture.height)))
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG")
    return out.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont:
    with as_file(FONT_PATH) as path:
        return ImageFont.truetype(str(path), size)
