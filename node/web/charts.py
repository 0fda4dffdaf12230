"""Charts: SVG made here, without a script. Owns their drawing; the table beside a chart carries the same figures.

A line is solid for oneself, dashed for others, so that no colour alone says whose it is. A value that is not known or
not shown leaves a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup, escape

WIDTH: Final = 640
HEIGHT: Final = 260
LEFT: Final = 76
RIGHT: Final = 12
TOP: Final = 12
BOTTOM: Final = 40
MARKS: Final = 4


class Line(NamedTuple):
    """``kind``: own, before, others: the class that a style sheet knows."""

    kind: str
    word: str
    values: Sequence[int | None]


def chart(title: str, lines: Sequence[Line], labels: Sequence[str], *, per: int = 1) -> Markup:
    """Lines over the same periods. ``labels``: below them, empty for most; ``per``: units in one of the scale."""
    known = [value for line in lines for value in line.values if value is not None]
    top = _nice(max([*known, per]), per)
    low = -_nice(-min([*known, 0]), per) if known and min(known) < 0 else 0
    parts = [Markup('<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">').format(title, WIDTH, HEIGHT)]
    for mark in range(MARKS + 1):
        value = low + (top - low) * mark // MARKS
        y = _y(value, low, top)
        parts.append(Markup('<path class="chart-grid" d="M{} {}H{}"/>').format(LEFT, y, WIDTH - RIGHT))
        parts.append(
            Markup('<text x="{}" y="{}" class="chart-scale">{}</text>').format(LEFT - 8, y + 6, _told(value, per))
        )
    for at, label in enumerate(labels):
        if label:
            x = _x(at, len(labels))
            parts.append(Markup('<text x="{}" y="{}" class="chart-label">{}</text>').format(x, HEIGHT - 12, label))
    drawn = Markup('<path class="chart-line chart-{}" d="{}"/>')
    parts += [drawn.format(line.kind, _path(line.values, low, top)) for line in lines]
    parts.append(Markup("</svg>"))
    return Markup("").join(parts) + _legend(lines)


def _legend(lines: Sequence[Line]) -> Markup:
    items = [
        Markup('<li><svg class="chart-key" aria-hidden="true" viewBox="0 0 36 12"><path class="chart-line chart-{}"'
               ' d="M0 6H36"/></svg>{}</li>').format(line.kind, escape(line.word))
        for line in lines
    ]  # fmt: skip
    return Markup('<ul class="chart-legend">') + Markup("").join(items) + Markup("</ul>")


def _nice(value: int, per: int) -> int:
    """The least 1, 2, 4 or 8 times a power of ten (times ``per``) that is not under ``value``."""
    step = per
    while True:
        for factor in (1, 2, 4, 8):
            if factor * step >= value:
                return factor * step
        step *= 10


def _told(value: int, per: int) -> str:
    whole, rest = divmod(abs(value), per)
    text = f"{whole:,}" + (f"{rest / per:.2f}".rstrip("0").rstrip(".")[1:] if rest else "")
    return f"−{text}" if value < 0 else text


def _x(at: int, count: int) -> int:
    return LEFT + (WIDTH - LEFT - RIGHT) * at // max(1, count - 1)


def _y(value: int, low: int, top: int) -> int:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) // max(1, top - low)


def _path(values: Sequence[int | None], low: int, top: int) -> str:
    """Pieces of a line; a lone value between gaps is a short stroke."""
    made, pen = [], False
    for at, value in enumerate(values):
        if value is None:
            pen = False
            continue
        x, y = _x(at, len(values)), _y(value, low, top)
        lone = not pen and (at + 1 == len(values) or values[at + 1] is None)
        made.append(f"M{x - 3} {y}H{x + 3}" if lone else f"{'L' if pen else 'M'}{x} {y}")
        pen = True
    return "".join(made)
