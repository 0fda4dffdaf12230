"""The pen: text, lines and codes at a place on the page, in millimetres from the top left.

Owns the page's measures, the fonts' sizes and the page itself. Knows nothing of what is drawn. ``rehearsal``: all
is measured and nothing drawn, to learn how many pages there will be.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import segno
from fpdf import FPDF
from fpdf.enums import TextMode

from node.papers.pdf import fonts
from node.papers.pdf.wrapping import wrap

WIDTH: Final = 210.0
HEIGHT: Final = 297.0
LEFT: Final = 15.0
RIGHT: Final = WIDTH - 15.0
TOP: Final = 14.0
BOTTOM: Final = HEIGHT - 27.0  # below it stands the footing
INNER: Final = RIGHT - LEFT
MM_PER_PT: Final = 25.4 / 72
LEADING: Final = 1.45  # height of a line, in sizes

GREY: Final = 242
RULE_GREY: Final = 170


class Pen:
    """Draws on an A4 PDF. ``fax``: larger letters, black only."""

    def __init__(self, *, fax: bool = False) -> None:
        self.fax = fax
        self.pdf = FPDF(unit="mm", format="A4")
        self.pdf.set_auto_page_break(auto=False)
        self.pdf.set_margin(0)
        self.pdf.str_alias_nb_pages = ""  # no text of a paper is ever replaced by the number of pages
        self._shown = fonts.add_to(self.pdf)
        self._widths: dict[tuple[str, str], float] = {}
        self._wrapped: dict[tuple[str, float, float, str], list[str]] = {}  # the drawing asks what the rehearsal did
        self.rehearsal = False
        self.page = 0
        self.body = 10.5 if fax else 9.0
        self.small = 9.0 if fax else 7.5
        self.y = TOP

    def turn(self) -> None:
        """A new page."""
        self.page += 1
        self.y = TOP
        if not self.rehearsal:
            self.pdf.add_page()

    # ---- text

    def clean(self, text: str) -> str:
        """What the fonts can show of ``text``."""
        return fonts.printable(text, self._shown)

    def width(self, text: str, size: float, style: str = "") -> float:
        """Millimetres that ``text`` takes at ``size`` points."""
        found = self._widths.get((text, style))
        if found is None:
            self.pdf.set_font(fonts.FAMILY, style, 10)
            found = self.pdf.get_string_width(text, normalized=True) / 10
            if len(text) < 12:
                self._widths[(text, style)] = found
        return found * size

    def lines(self, text: str, width: float, size: float, style: str = "") -> list[str]:
        """``text`` in lines no wider than ``width`` mm."""
        found = self._wrapped.get((text, width, size, style))
        if found is None:
            found = wrap(self.clean(text), width, lambda piece: self.width(piece, size, style))
            self._wrapped[(text, width, size, style)] = found
        return list(found)

    def height(self, size: float) -> float:
        """The height of a line in mm."""
        return size * MM_PER_PT * LEADING

    def write(self, x: float, y: float, line: str, size: float, style: str = "") -> None:
        """One line with its top at ``y``."""
        if line and not self.rehearsal:
            self.pdf.set_font(fonts.FAMILY, style, size)
            self.pdf.text(x, y + self.height(size) * 0.5 + size * MM_PER_PT * 0.36, line)

    def write_right(self, x: float, y: float, line: str, size: float, style: str = "") -> None:
        """One line that ends at ``x``."""
        self.write(x - self.width(line, size, style), y, line, size, style)

    def write_centred(self, x: float, y: float, line: str, size: float, style: str = "") -> None:
        """One line with its middle at ``x``."""
        self.write(x - self.width(line, size, style) / 2, y, line, size, style)

    def column(self, x: float, y: float, width: float, text: str, size: float, style: str = "") -> float:
        """Text wrapped into a column; the ``y`` below it."""
        for line in self.lines(text, width, size, style):
            self.write(x, y, line, size, style)
            y += self.height(size)
        return y

    # ---- lines and areas

    def rule(self, x1: float, y: float, x2: float, *, strong: bool = False) -> None:
        """A horizontal line."""
        if self.rehearsal:
            return
        grey = 0 if self.fax or strong else RULE_GREY
        self.pdf.set_draw_color(grey)
        self.pdf.set_line_width(0.35 if strong else 0.15)
        self.pdf.line(x1, y, x2, y)

    def box(self, x: float, y: float, width: float, height: float, *, strong: bool = False) -> None:
        """A frame."""
        if self.rehearsal:
            return
        self.pdf.set_draw_color(0 if self.fax or strong else RULE_GREY)
        self.pdf.set_line_width(0.35 if strong else 0.15)
        self.pdf.rect(x, y, width, height)

    def shade(self, x: float, y: float, width: float, height: float) -> None:
        """A light ground; nothing on a fax."""
        if not self.fax and not self.rehearsal:
            self.pdf.set_fill_color(GREY)
            self.pdf.rect(x, y, width, height, style="F")

    def code(self, x: float, y: float, size: float, content: str) -> None:
        """A QR code, its quiet zone included, in a square of ``size`` mm."""
        if self.rehearsal:
            return
        code = segno.make(content, error="m", micro=False, boost_error=False)
        border = 2
        module = size / (code.symbol_size(border=0)[0] + 2 * border)
        self.pdf.set_fill_color(0)
        for row, bits in enumerate(code.matrix):
            column = 0
            while column < len(bits):
                run = column
                while run < len(bits) and bits[run]:
                    run += 1
                if run > column:
                    left, top = x + (column + border) * module, y + (row + border) * module
                    self.pdf.rect(left, top, (run - column) * module, module * 1.02, style="F")
                column = run + 1

    def watermark(self, text: str) -> None:
        """A word across the page behind everything: light, on a fax only its outline."""
        if self.rehearsal:
            return
        size = 130.0 if len(text) < 4 else 100.0
        x = (WIDTH - self.width(text, size, "B")) / 2
        self.pdf.set_font(fonts.FAMILY, "B", size)
        with self.pdf.local_context(), self.pdf.rotation(35, WIDTH / 2, HEIGHT / 2):
            if self.fax:
                self.pdf.set_draw_color(0)
                self.pdf.set_line_width(0.2)
                self.pdf.text_mode = TextMode.STROKE
            else:
                self.pdf.set_text_color(232)
            self.pdf.text(x, HEIGHT / 2 + size * MM_PER_PT * 0.36, text)

    # ---- the file

    def describe(self, *, title: str, language: str, author: str, subject: str, made: datetime) -> None:
        """The file's properties. ``made`` has to come from the paper: the same paper gives the same bytes."""
        self.pdf.set_title(title)
        self.pdf.set_lang(language)
        self.pdf.set_author(author)
        self.pdf.set_subject(subject)
        self.pdf.set_creator("Yui")
        self.pdf.set_creation_date(made)

    def bookmark(self, name: str, level: int) -> None:
        """An entry of the outline that leads here."""
        if self.rehearsal:
            return
        self.pdf.set_y(max(0.0, self.y - 2))
        self.pdf.start_section(name, level)

    def finish(self) -> bytes:
        """The PDF."""
        fonts.cut(self.pdf.fonts.values())
        return bytes(self.pdf.output())
