"""A table over as many pages as it needs: its heading is repeated, a row too tall for a page is continued.

Owns rows, cells and where they break. A cell's first line is set in the body's size, the lines after it smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from node.papers.pdf.pen import BOTTOM, INNER, LEFT, TOP, Pen
from node.papers.pdf.sheet import Column, Row
from node.papers.pdf.sheet import Table as TableBlock

PAD = 1.5
INDENT = 10.8  # of what stands below a row


class _Line(NamedTuple):
    text: str
    size: float


class Table:
    """Draws one table from the pen's place on, ``width`` mm wide. ``turn`` begins a new page."""

    def __init__(self, pen: Pen, block: TableBlock, turn: Callable[[], None], *, width: float = INNER) -> None:
        self.pen = pen
        self.block = block
        self._turn = turn
        whole = sum(column.share for column in block.columns)
        self._width = width
        self._widths = [width * column.share / whole for column in block.columns]

    def draw(self) -> None:
        """Heading and rows; the pen stands below them afterwards."""
        if self.block.rows:
            first = self._head_height() + self._row_height(self.block.rows[0])
            if self.pen.y + min(first, self._fresh() / 2) > BOTTOM:
                self._turn()
        self._head()
        for row in self.block.rows:
            self._row(row)

    def height(self) -> float:
        """Millimetres that all of it takes."""
        return self._head_height() + sum(map(self._row_height, self.block.rows))

    def _fresh(self) -> float:
        """What a new page has room for, below the table's heading."""
        return BOTTOM - TOP - 20 - self._head_height()

    # ---- the heading

    def _titles(self) -> list[list[str]]:
        pen = self.pen
        return [
            pen.lines(column.title, width - 2 * PAD, pen.small, "B")
            for column, width in zip(self.block.columns, self._widths, strict=True)
        ]

    def _head_height(self) -> float:
        return max(len(lines) for lines in self._titles()) * self.pen.height(self.pen.small) + 2 * PAD * 0.7

    def _head(self) -> None:
        pen, height = self.pen, self._head_height()
        pen.shade(LEFT, pen.y, self._width, height)
        pen.rule(LEFT, pen.y, LEFT + self._width, strong=True)
        x = LEFT
        for column, width, lines in zip(self.block.columns, self._widths, self._titles(), strict=True):
            y = pen.y + (height - len(lines) * pen.height(pen.small)) / 2
            for line in lines:
                self._put(column, x, y, width, _Line(line, pen.small), "B")
                y += pen.height(pen.small)
            x += width
        pen.y += height
        pen.rule(LEFT, pen.y, LEFT + self._width, strong=True)

    # ---- rows

    def _row(self, row: Row) -> None:
        pen = self.pen
        cells, below = self._set(row)
        height = self._row_height(row)
        if pen.y + height > BOTTOM and height <= self._fresh():
            self._continue()
        while True:
            taken, cells = self._take(cells, BOTTOM - pen.y - 2 * PAD)
            self._draw_cells(taken)
            if not any(cells):
                break
            self._continue()
        for line in below:
            if pen.y + pen.height(pen.small) > BOTTOM:
                self._continue()
            pen.write(LEFT + INDENT + PAD, pen.y - PAD, line, pen.small)
            pen.y += pen.height(pen.small)
        pen.rule(LEFT, pen.y, LEFT + self._width)

    def _set(self, row: Row) -> tuple[list[list[_Line]], list[str]]:
        """A row in lines: its cells, and what stands below them."""
        cells = [self._cell(text, width - 2 * PAD) for text, width in zip(row.cells, self._widths, strict=True)]
        return cells, self.pen.lines(row.below, self._width - INDENT - 2 * PAD, self.pen.small) if row.below else []

    def _row_height(self, row: Row) -> float:
        cells, below = self._set(row)
        return max(map(self._height, cells)) + len(below) * self.pen.height(self.pen.small) + 2 * PAD

    def _continue(self) -> None:
        self.pen.rule(LEFT, self.pen.y, LEFT + self._width)
        self._turn()
        self._head()

    def _cell(self, text: str, width: float) -> list[_Line]:
        pen = self.pen
        first, _, rest = text.partition("\n")
        lines = [_Line(line, pen.body) for line in pen.lines(first, width, pen.body)]
        if rest:
            lines += [_Line(line, pen.small) for line in pen.lines(rest, width, pen.small)]
        return lines

    def _height(self, lines: list[_Line]) -> float:
        return sum(self.pen.height(line.size) for line in lines)

    def _take(self, cells: list[list[_Line]], room: float) -> tuple[list[list[_Line]], list[list[_Line]]]:
        """The lines of each cell that fit into ``room``, at least one of the fullest, and those that are left."""
        taken, left = [], []
        for lines in cells:
            used, count = 0.0, 0
            while count < len(lines) and (used + self.pen.height(lines[count].size) <= room or not count):
                used += self.pen.height(lines[count].size)
                count += 1
            taken.append(lines[:count])
            left.append(lines[count:])
        return taken, left

    def _draw_cells(self, cells: list[list[_Line]]) -> None:
        pen, x = self.pen, LEFT
        for column, width, lines in zip(self.block.columns, self._widths, cells, strict=True):
            y = pen.y + PAD
            for line in lines:
                self._put(column, x, y, width, line)
                y += pen.height(line.size)
            x += width
        pen.y += max(map(self._height, cells)) + 2 * PAD

    def _put(self, column: Column, x: float, y: float, width: float, line: _Line, style: str = "") -> None:
        if column.align == "right":
            self.pen.write_right(x + width - PAD, y, line.text, line.size, style)
        elif column.align == "centre":
            self.pen.write_centred(x + width / 2, y, line.text, line.size, style)
        else:
            self.pen.write(x + PAD, y, line.text, line.size, style)
