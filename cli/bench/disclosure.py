"""What a question over all items and weeks of real registers would open: ``python -m cli.bench.disclosure``.

Owns the attack, not the rules: the protocol's own plan opens cells of each week (every item, classes of ten and of ten
thousand item numbers, all goods), each store a firm. Then somebody who holds every opened sum adds and subtracts. The
cells of a week are nested, so all sums that follow from the opened ones are sums of disjoint *remainders* (an opened
cell without the largest opened cells in it): a cell is recomputable exactly if it is a union of remainders. That
argument is checked by linear programming on cells drawn by lot: the least and the largest value that fit all opened
sums.
"""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.bench.report import Report, Target
from protocol.statistics import plan, rules
from protocol.statistics.plan import Cell, Kind
from protocol.statistics.rules import MIN_UNITS, Parameters

if TYPE_CHECKING:
    from cli.demonstration.lines import Lines

RULES: Final = Parameters(MIN_UNITS, 10, bytes(16))
MOST_COUNTED: Final = 2047  # units of a class that a node tells, as in the protocol's 16-bit counts
LENGTHS: Final = (0, 8, 11)  # of the codes of classes above the items
DRAWN: Final = 4  # cells of each week that are attacked by linear programming
SEED: Final = 5

Firms = Mapping[int, int]


class Week(NamedTuple):
    """What came of a week. ``forbidden``: opened against the rules for known contributions; ``recomputable``: closed
    and yet known to who adds and subtracts, of which ``told``: also forbidden; ``fixed``: drawn cells that a linear
    programme fixes to one value although they are not recomputable."""

    cells: int
    items: int
    opened: int
    items_opened: int
    forbidden: int
    recomputable: int
    told: int
    drawn: int
    fixed: int


def weeks_of(lines: Lines) -> list[int]:
    """The Mondays, as days from 1970."""
    found = lines.rows("SELECT DISTINCT date_trunc('week', day)::DATE FROM lines ORDER BY 1")
    return [(day - date(1970, 1, 1)).days for (day,) in found]


def sold(lines: Lines, monday: int) -> dict[str, dict[int, int]]:
    """item → store → yen, of a week; nothing where it comes to zero."""
    from cli.demonstration.lines import MOST

    found: dict[str, dict[int, int]] = defaultdict(dict)
    for item, store, amount in lines.rows(
        f"SELECT item, store, sum(amount)::BIGINT FROM lines WHERE quantity <= {MOST}"  # noqa: S608 - our own number
        " AND date_trunc('week', day) = DATE '1970-01-01' + $monday::INT GROUP BY 1, 2 HAVING sum(amount) <> 0",
        monday=monday,
    ):
        found[item][store] = amount
    return found


def attack(items: Mapping[str, Firms], monday: int, luck: random.Random) -> Week:
    """Open what may be opened of a week, and try to learn the rest."""
    cells, firms = _cells(items, monday)
    rows = plan.rows_of(cells, 1)
    inside = [_together(_parts(row.without, firms)) if row.kind is Kind.REST else {} for row in rows]
    given = [_less(firms[row.cell.code], known) for row, known in zip(rows, inside, strict=True)]
    counts = [rules.class_counts(one.values(), MOST_COUNTED) for one in given]
    opened = frozenset(plan.open_cells(cells, rows, counts, RULES, 0))
    allowed = [rules.passes(firms[cell.code].values(), RULES) for cell in cells]
    known = _recomputable({cells[at].code for at in opened}, items)
    closed = [at for at in range(len(cells)) if at not in opened]
    learned = [at for at in closed if cells[at].code in known]
    hidden = [at for at in closed if cells[at].code not in known]
    drawn = luck.sample(hidden, min(DRAWN, len(hidden)))
    fixed = sum(_fixed(cells[at].code, items, [cells[one].code for one in sorted(opened)]) for at in drawn)
    return Week(
        len(cells), len(items), len(opened), sum(cells[at].code in items for at in opened),
        sum(not allowed[at] for at in opened), len(learned), sum(not allowed[at] for at in learned),
        len(drawn), fixed,
    )  # fmt: skip


def _cells(items: Mapping[str, Firms], monday: int) -> tuple[list[Cell], dict[str, Firms]]:
    groups: dict[str, list[Firms]] = defaultdict(list)
    for item, one in items.items():
        groups[item].append(one)
        for length in LENGTHS:
            groups[item[:length]].append(one)
    firms: dict[str, Firms] = {code: _together(found) for code, found in groups.items()}
    return [Cell(code, monday, monday + 7) for code in sorted(firms)], firms


def _parts(without: Sequence[Cell], firms: Mapping[str, Firms]) -> Iterable[Firms]:
    return (firms[cell.code] for cell in plan.largest(without))


def _together(several: Iterable[Firms]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for one in several:
        for firm, value in one.items():
            found[firm] += value
    return found


def _less(one: Firms, other: Firms) -> dict[int, int]:
    return {firm: value - other.get(firm, 0) for firm, value in one.items() if value != other.get(firm, 0)}


def _recomputable(opened: set[str], items: Iterable[str]) -> set[str]:
    """Codes that are unions of remainders. Each item lies in one remainder: that of the longest opened code over it."""
    remainder = {item: _owner(item, opened) for item in items}
    size: dict[str | None, int] = defaultdict(int)
    for owner in remainder.values():
        size[owner] += 1
    within: dict[str, dict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    for item, owner in remainder.items():
        for code in {item, *(item[:length] for length in LENGTHS)}:
            within[code][owner] += 1
    return {
        code
        for code, owners in within.items()
        if None not in owners and all(size[owner] == count for owner, count in owners.items())
    }


def _owner(item: str, opened: set[str]) -> str | None:
    return next((code for code in (item, *(item[:length] for length in reversed(LENGTHS))) if code in opened), None)


def _fixed(code: str, items: Mapping[str, Firms], opened: Sequence[str]) -> bool:
    """Do all opened sums, and that nothing is below zero, leave one value for this cell? By linear programming."""
    from scipy.optimize import linprog  # type: ignore[import-untyped]
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    order = sorted(items)
    above = {one: at for at, one in enumerate(opened)}
    sums, pairs = [0] * len(opened), list[tuple[int, int]]()
    for at, item in enumerate(order):
        for one in {item, *(item[:length] for length in LENGTHS)} & above.keys():
            sums[above[one]] += sum(items[item].values())
            pairs.append((above[one], at))
    wanted = [float(item.startswith(code)) for item in order]
    total = sum(sum(one.values()) for one in items.values())
    matrix = csr_matrix(([1.0] * len(pairs), tuple(zip(*pairs, strict=True))), (len(opened), len(order)))
    ends = []
    for sign in (1.0, -1.0):
        bound = {"A_eq": matrix, "b_eq": sums} if opened else {}
        done = linprog([sign * one for one in wanted], bounds=(0, 2 * total), method="highs", **bound)
        ends.append(sign * done.fun)
    return bool(ends[1] - ends[0] < 0.5)  # of a yen


def run(lines: Lines) -> Report:
    """All weeks."""
    luck = random.Random(SEED)  # noqa: S311 - draws what is attacked, no secret
    found = [attack(sold(lines, monday), monday, luck) for monday in weeks_of(lines)]
    together = Week(*map(sum, zip(*found, strict=True)))
    figures = {
        "disclosure_real_lines": float(lines.real),
        "disclosure_cells": together.cells,
        "disclosure_item_weeks": together.items,
        "disclosure_opened": together.opened,
        "disclosure_item_weeks_opened": together.items_opened,
        "disclosure_forbidden_opened": together.forbidden,
        "disclosure_recomputable": together.recomputable,
        "disclosure_recomputable_forbidden": together.told,
        "disclosure_attacked_by_lp": together.drawn,
        "disclosure_fixed_by_lp": together.fixed,
    }
    targets = [
        Target("disclosure_forbidden_opened", together.forbidden, 0),
        Target("disclosure_recomputable_forbidden", together.told, 0),
        Target("disclosure_fixed_by_lp", together.fixed, 0),
    ]
    return Report("disclosure", figures, {}, targets)


def main() -> None:
    """The command; exit code 1 if something can be learned."""
    from cli.demonstration.lines import Lines

    report = run(Lines(1, date.today(), whole=True))  # noqa: DTZ011 - only moves the lines' days
    sys.stdout.write(json.dumps(report.as_json(), indent=1) + "\n")
    sys.exit(0 if report.met else 1)


if __name__ == "__main__":
    main()
