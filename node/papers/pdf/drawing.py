"""A sheet becomes a PDF: blocks one below the other, tables over pages with their headings, the footing on each.

Owns the layout. Knows no paper; what it draws is :mod:`node.papers.pdf.sheet`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from node.papers.pdf.pen import BOTTOM, INNER, LEFT, RIGHT, TOP, WIDTH, Pen
from node.papers.pdf.sheet import Block, Code, Facts, Figure, Foot, Sheet, Sums, Words
from node.papers.pdf.sheet import Table as TableBlock
from node.papers.pdf.table import Table

GAP: Final = 4.0  # between blocks
PAD: Final = 1.4  # inside a cell
LABEL: Final = 38.0  # width of a label
HALF: Final = 88.0
SUMS: Final = 72.0  # width of the sums
STAMP_MM: Final = 15.0
LINK_MM: Final = 30.0


def draw(sheet: Sheet, *, fax: bool = False, made_us: int = 0) -> bytes:
    """The PDF of a sheet. ``made_us``: its creation date, µs UTC."""
    return draw_all((sheet,), fax=fax, made_us=made_us)


def draw_all(sheets: Sequence[Sheet], *, fax: bool = False, made_us: int = 0) -> bytes:
    """One PDF of several sheets, each beginning on a page of its own and counting its own pages."""
    pen, first = Pen(fax=fax), sheets[0]
    pen.describe(
        title=first.subject or first.title,
        language=first.language,
        author=first.author,
        subject=first.title,
        made=datetime.fromtimestamp(made_us // 1_000_000, UTC),
    )
    for sheet in sheets:
        pen.rehearsal, pen.page = True, 0
        count = _Page(pen, sheet, 0).draw()
        pen.rehearsal, pen.page = False, 0
        _Page(pen, sheet, count).draw()
    return pen.finish()


class _Page:
    def __init__(self, pen: Pen, sheet: Sheet, count: int) -> None:
        self.pen = pen
        self.sheet = sheet
        self.count = count

    def draw(self) -> int:
        """All of it; the number of pages."""
        self.begin()
        self.head()
        for block in self.sheet.blocks:
            self.block(block)
        return self.pen.page

    # ---- pages

    def begin(self) -> None:
        """A new page, with its watermark; after the first, with a line that says what it belongs to."""
        pen = self.pen
        pen.turn()
        for mark in self.sheet.marks:
            pen.watermark(pen.clean(mark))
        self._foot()
        if pen.page > 1:
            left = pen.lines(self.sheet.subject, 110, pen.small)[0]
            pen.write(LEFT, pen.y, left, pen.small)
            if self.sheet.to:
                pen.write_right(RIGHT, pen.y, pen.lines(self.sheet.to[0], 68, pen.small)[0], pen.small)
            pen.y += pen.height(pen.small) + 1
            pen.rule(LEFT, pen.y, RIGHT)
            pen.y += 3

    def room(self, height: float) -> None:
        """A new page, if ``height`` mm do not fit on this one."""
        if self.pen.y + height > BOTTOM and self.pen.y > TOP + 12:
            self.begin()

    def _foot(self) -> None:
        pen, y = self.pen, BOTTOM + 5
        pen.rule(LEFT, y, RIGHT)
        x = LEFT
        if self.sheet.stamp:
            pen.code(LEFT - 1, y + 1, STAMP_MM, self.sheet.stamp)
            x += STAMP_MM + 1
        size = 7.5 if pen.fax else 6.5
        at = y + 2
        for line in self.sheet.footing:
            at = pen.column(x, at, RIGHT - 18 - x, line, size)
        pen.write_right(RIGHT, y + 2, f"{pen.page} / {self.count}", pen.body)

    # ---- the head of the first page

    def head(self) -> None:
        """Title, whom it is for, numbers, who made it."""
        pen, sheet = self.pen, self.sheet
        title = pen.clean(_spaced(sheet.title) if sheet.language == "ja" else sheet.title)
        pen.bookmark(sheet.subject, 0)
        pen.write_centred(WIDTH / 2, pen.y, title, 19, "B")
        pen.y += pen.height(19)
        if sheet.subtitle:
            pen.write_centred(WIDTH / 2, pen.y, pen.clean(f"({sheet.subtitle})"), pen.body)
            pen.y += pen.height(pen.body)
        pen.y += 4
        top = pen.y
        left = self._firm(LEFT, top, HALF, sheet.to, 12.5, underlined=True)
        right = self._numbers(RIGHT - HALF + 6, top)
        right = self._firm(RIGHT - HALF + 6, right + 3, HALF - 6, sheet.by, 11)
        pen.y = max(left, right) + 4
        if sheet.lead:
            pen.y = pen.column(LEFT, pen.y, INNER, sheet.lead, pen.body) + 2

    def _firm(
        self, x: float, y: float, width: float, lines: tuple[str, ...], size: float, *, underlined: bool = False
    ) -> float:
        pen = self.pen
        for place, text in enumerate(lines):
            if place == 0:
                y = pen.column(x, y, width, text, size, "B")
                if underlined:
                    pen.rule(x, y + 0.6, x + width, strong=True)
                    y += 2
            else:
                y = pen.column(x, y, width, text, pen.body)
        return y

    def _numbers(self, x: float, y: float) -> float:
        pen = self.pen
        label_width = max((pen.width(pen.clean(label), pen.body) for label, _ in self.sheet.numbers), default=0.0) + 3
        label_width = min(label_width, 40.0)
        for label, value in self.sheet.numbers:
            below = pen.column(x, y, label_width, label, pen.body)
            y = max(below, pen.column(x + label_width, y, RIGHT - x - label_width, value, pen.body))
        return y

    # ---- blocks

    def block(self, block: Block) -> None:
        """One block and the gap below it."""
        if isinstance(block, TableBlock):
            self._heading(block.heading, 24)
            Table(self.pen, block, self.begin).draw()
        elif isinstance(block, Facts):
            self._facts(block)
        elif isinstance(block, Foot):
            self._foot_of_table(block)
        elif isinstance(block, Figure):
            self._figure(block)
        elif isinstance(block, Code):
            self._code(block)
        else:
            self._words(block)
        self.pen.y += GAP

    def _heading(self, text: str, needed: float) -> None:
        pen, size = self.pen, self.pen.body + 1
        self.room(needed + (pen.height(size) if text else 0))
        if text:
            pen.bookmark(text, 1)
            pen.write(LEFT, pen.y, pen.clean(text), size, "B")
            pen.y += pen.height(size) + 0.6

    def _facts(self, block: Facts) -> None:
        pen = self.pen
        self._heading(block.heading, 10)
        first = True
        for label, value in block.rows:
            labels = pen.lines(label, LABEL - 2 * PAD, pen.body)
            values = pen.lines(value, INNER - LABEL - 2 * PAD, pen.body)
            while labels or values:
                step = pen.height(pen.body)
                space = int((BOTTOM - pen.y - 2 * PAD) / step)
                if space < min(3, max(len(labels), len(values))):
                    self.begin()
                    first = True
                    continue
                now_labels, labels = labels[:space], labels[space:]
                now_values, values = values[:space], values[space:]
                self._fact(now_labels, now_values, top_rule=first)
                first = False

    def _fact(self, labels: list[str], values: list[str], *, top_rule: bool) -> None:
        pen = self.pen
        step = pen.height(pen.body)
        height = max(len(labels), len(values)) * step + 2 * PAD * 0.7
        pen.shade(LEFT, pen.y, LABEL, height)
        if top_rule:
            pen.rule(LEFT, pen.y, RIGHT)
        for column, lines in ((LEFT + PAD, labels), (LEFT + LABEL + PAD, values)):
            for place, line in enumerate(lines):
                pen.write(column, pen.y + PAD * 0.7 + place * step, line, pen.body)
        pen.y += height
        pen.rule(LEFT, pen.y, RIGHT)

    def _foot_of_table(self, block: Foot) -> None:
        """Totals by rate and sums beside each other: together on one page."""
        pen = self.pen
        taxes = Table(pen, block.taxes, self.begin, width=INNER - SUMS - GAP)
        step = pen.height(pen.body) + 1.4
        above = pen.height(pen.body + 1) + 0.6
        small = pen.height(pen.small)
        left = taxes.height() + above + len(block.notes) * small + 2
        self.room(max(left, (len(block.sums.rows) if block.sums else 0) * step))
        top, page = pen.y, pen.page
        if block.taxes.rows:
            self._heading(block.taxes.heading, 0)
            taxes.draw()
            pen.y += 1.5
        for note in block.notes:
            pen.y = pen.column(LEFT, pen.y, INNER - SUMS - GAP, note, pen.small)
        below = pen.y
        if block.sums is not None:
            pen.y = top if pen.page == page else below + GAP
            self._sums(block.sums, step)
        pen.y = max(pen.y, below)

    def _sums(self, block: Sums, step: float) -> None:
        pen, width = self.pen, SUMS
        x = RIGHT - width
        pen.rule(x, pen.y, RIGHT)
        for label, value in block.rows:
            strong = label in block.strong
            style = "B" if strong else ""
            if strong:
                pen.shade(x, pen.y, width, step)
            pen.write(x + PAD, pen.y + 0.7, pen.lines(label, width * 0.6, pen.body, style)[0], pen.body, style)
            pen.write_right(RIGHT - PAD, pen.y + 0.7, pen.clean(value), pen.body, style)
            pen.y += step
            pen.rule(x, pen.y, RIGHT, strong=strong)

    def _figure(self, block: Figure) -> None:
        pen, size = self.pen, 13.0
        label_width = 44.0
        values = pen.lines(block.value, 120 - label_width - 2 * PAD, size, "B")
        notes = pen.lines(block.note, 120 - label_width - 2 * PAD, pen.small) if block.note else []
        height = len(values) * pen.height(size) + len(notes) * pen.height(pen.small) + 2.4
        self.room(height)
        pen.shade(LEFT, pen.y, label_width, height)
        pen.box(LEFT, pen.y, 120, height, strong=True)
        pen.write(LEFT + PAD, pen.y + (height - pen.height(pen.body)) / 2, pen.clean(block.label), pen.body, "B")
        for place, line in enumerate(values):
            pen.write(LEFT + label_width + PAD, pen.y + 1.2 + place * pen.height(size), line, size, "B")
        for place, line in enumerate(notes):
            y = pen.y + 1.2 + len(values) * pen.height(size) + place * pen.height(pen.small)
            pen.write(LEFT + label_width + PAD, y, line, pen.small)
        pen.y += height

    def _words(self, block: Words) -> None:
        pen = self.pen
        style = "B" if block.strong else ""
        self._heading(block.heading, 10)
        for line in pen.lines(block.text, INNER, pen.body, style):
            self.room(pen.height(pen.body))
            pen.write(LEFT, pen.y, line, pen.body, style)
            pen.y += pen.height(pen.body)

    def _code(self, block: Code) -> None:
        pen = self.pen
        height = LINK_MM + 4
        self._heading(block.heading, height)
        pen.box(LEFT, pen.y, INNER, height)
        pen.code(LEFT + 2, pen.y + 2, LINK_MM, block.content)
        y = pen.column(LEFT + LINK_MM + 6, pen.y + 4, INNER - LINK_MM - 10, block.text, pen.body)
        pen.column(LEFT + LINK_MM + 6, y + 1, INNER - LINK_MM - 10, block.address, pen.small)
        pen.y += height


def _spaced(title: str) -> str:
    """注 文 書: short Japanese titles are set wide."""
    return "　".join(title) if len(title) <= 4 else title
