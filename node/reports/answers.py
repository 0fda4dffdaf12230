"""What a page asks in one go: several questions over one opening of the partitions.

Owns which questions may be asked by name, and those reports that are more than a question: weeks with the places where
they turned. Runs in the process that answers questions. Source: docs/adr/0056-reports.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ibis.expr.types import Table

from node.reports import questions, series
from node.reports.asking import Engine, Value
from node.reports.rings import OWN

QUESTIONS: Final[Mapping[str, Callable[..., Table]]] = {
    question.__name__: question
    for question in (
        questions.beside_others, questions.carriers, questions.own_days, questions.own_item, questions.own_totals,
        questions.own_names, questions.best_sellers, questions.sold_elsewhere, questions.bought_together,
        questions.by_period,
    )
}  # fmt: skip
TRENDS: Final = "trends"
BESIDE: Final = "beside"
Asked = Sequence[tuple[str, Mapping[str, Value], Mapping[str, int | bool]]]


def answer(engine: Engine, asked: Asked) -> list[list[list[Any]]]:
    """The rows of each: [name, values, what is part of its text]. KeyError for a name that is none."""
    found = []
    for name, values, fixed in asked:
        if name == TRENDS:
            found.append(trends(engine, values, int(fixed["periods"]), int(fixed["limit"])))
        elif name == BESIDE:
            found.append(beside(engine, values, int(fixed["periods"])))
        else:
            found.append([list(row) for row in engine.rows(QUESTIONS[name], values, **fixed)])
    return found


def beside(engine: Engine, values: Mapping[str, Value], periods: int) -> list[Any]:
    """[rows of ``beside_others``, [the periods in which the member's own quantity turned]]."""
    rows = [list(row) for row in engine.rows(questions.beside_others, values)]
    own = [0] * periods
    for period, ring, _, quantity, *_ in rows:
        if ring == OWN:
            own[period] = quantity
    return [rows, [_turning(own)]]


def _turning(weekly: list[int]) -> list[int]:
    """Where a series turned. It begins with the first sale: what was not yet sold did not turn."""
    start = next((at for at, quantity in enumerate(weekly) if quantity), len(weekly))
    return [start + at for at in series.turning_weeks(weekly[start:])]


def trends(engine: Engine, values: Mapping[str, Value], periods: int, limit: int) -> list[list[Any]]:
    """Of a member's ``limit`` strongest items: item, unit, name, quantities by period (from 0), turning periods."""
    quantities: dict[tuple[str, str, str], list[int]] = {}
    for item, unit, name, period, quantity, _ in engine.rows(questions.by_period, values, limit=limit):
        weeks = quantities.setdefault((item, unit, name), [0] * periods)
        weeks[period] = quantity
    return [[*key, weeks, _turning(weeks)] for key, weeks in quantities.items()]
