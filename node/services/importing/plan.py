"""What a file would do, line by line, before anything is done. Owns the shapes that every kind of file shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from node.i18n import N_
from node.papers.tabular import LAYOUTS, Mapping, Problem, Record
from node.papers.tabular.values import Value
from node.services import directory, reading
from node.store import Tx
from protocol.process.trade.papers import Scaled

NEW: Final = "new"
CHANGED: Final = "changed"
SAME: Final = "same"
UNKNOWN_FIRM: Final = N_("{value} is in no directory that is known here. Your association can invite the firm.")
TWO_FIRMS: Final = N_("{value}: several firms have this name. Add the corporate number.")
ITSELF: Final = N_("{value} is your own firm.")


@dataclass(frozen=True)
class Line:
    """A good line of a file: its number, in a few words what it is, ``state`` (new, changed, same), what to store."""

    line: int
    what: str
    state: str
    action: Any = None


@dataclass(frozen=True)
class Plan:
    """All of a file. ``skipped``: lines without content and lines of totals."""

    lines: tuple[Line, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: int = 0

    def count(self, state: str) -> int:
        """How many good lines are new, changed or the same."""
        return sum(line.state == state for line in self.lines)

    @property
    def wrong_lines(self) -> list[int]:
        """Numbers of the lines that cannot be taken over."""
        return sorted({problem.line for problem in self.problems})


@dataclass
class Draft:
    """A plan while it is made. ``mapping``: for the titles of the columns; ``spoiled``: numbers of orders of which a
    line could not be read."""

    mapping: Mapping
    spoiled: frozenset[str] = frozenset()
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, line: int, field_name: str, rule: str, **values: str) -> None:
        """A line breaks a rule in a column."""
        self.problems.append(Problem(line, self.title(field_name), rule, tuple(values.items())))

    def title(self, field_name: str) -> str:
        """The title of a field's column in the file, else the field's own name."""
        own = next((one.title for one in LAYOUTS[self.mapping.kind] if one.name == field_name), field_name)
        return self.mapping.columns.get(field_name, own)

    def done(self, problems: Sequence[Problem], skipped: int) -> Plan:
        """The plan. A line that is wrong anywhere is not among the good ones."""
        found = sorted([*problems, *self.problems], key=lambda one: one.line)
        bad = {problem.line for problem in found}
        return Plan(tuple(line for line in self.lines if line.line not in bad), tuple(found), skipped)


def text(record: Record, name: str) -> str:
    """A text of a line; empty where there is none."""
    found = record.values.get(name, "")
    return found if isinstance(found, str) else ""


def scaled(record: Record, name: str) -> Scaled | None:
    """A number of a line."""
    found = record.values.get(name)
    return found if isinstance(found, Scaled) else None


def whole(record: Record, name: str) -> int | None:
    """A whole number of a line."""
    found: Value | None = record.values.get(name)
    return found if isinstance(found, int) else None


class Firms:
    """Which member a line means: by corporate number, else by its exact name among partners and in the directory."""

    def __init__(self, tx: Tx, member: bytes) -> None:
        self._tx = tx
        self._member = member
        self._known: dict[tuple[str, str], bytes | str] = {}

    def find(self, draft: Draft, record: Record, preset: bytes = b"") -> bytes | None:
        """The member; None after the line was told what is wrong. ``preset``: for lines that name nobody."""
        name, number = text(record, "partner"), text(record, "corporate_number")
        if not name and not number:
            if not preset:
                draft.wrong(record.line, "partner", N_("Enter the firm, or choose it above."))
            return preset or None
        key = (name, number)
        if key not in self._known:
            self._known[key] = self._look(name, number)
        found = self._known[key]
        if isinstance(found, str):
            draft.wrong(record.line, "corporate_number" if number else "partner", found, value=number or name)
            return None
        return found

    def _look(self, name: str, number: str) -> bytes | str:
        if number:
            rows = self._tx.cards.by_corporate_number(number)
            members = {row.member for row in rows}
        else:
            wanted = directory.folded(name)
            members = {
                partner
                for partner, known in _partners(self._tx, self._member).items()
                if directory.folded(known) == wanted
            } or {row.member for row in directory.find(self._tx, name[:100], limit=200) if _called(row.name, wanted)}
        if len(members) > 1:
            return TWO_FIRMS
        if not members:
            return UNKNOWN_FIRM
        found = members.pop()
        return ITSELF if found == self._member else found


def _called(name: str, wanted: str) -> bool:
    return directory.folded(name) == wanted


def _partners(tx: Tx, member: bytes) -> dict[bytes, str]:
    rows: Iterable[tuple[bytes, int, int]] = tx.threads.partners(member, 1_000)
    return reading.names_of(tx, [row[0] for row in rows])
