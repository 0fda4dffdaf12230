"""What a command shows: tables and facts for people, one JSON value for programs. Owns standard output and error.

Results go to standard output, progress and messages to standard error. Text that came from outside is shown with its
control characters made visible, so that no name can move the cursor or turn text around. Knows no command.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from node import rules
from node.i18n import _

if TYPE_CHECKING:
    from rich.console import Console

_KEEP = {"\n", "\t"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
SHORT = 12
MANY = 1_000  # rows: more are written one a line, with tabs between
WIDE = 400  # columns, where no terminal says how wide it is


class Mode:
    """Whether this process answers in JSON: set by ``--json``."""

    json = False


def prepare_streams() -> None:
    """Japanese must never end us: what a terminal cannot show is replaced."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def clean(value: object) -> str:
    """Text that is safe on a terminal: control and direction characters appear as their code."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in _KEEP or unicodedata.category(c) not in _HIDDEN else f"<{ord(c):04X}>" for c in text)


def emit(value: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str) + "\n")


def say(message: str) -> None:
    """A message for the person, on standard error."""
    if not Mode.json:
        sys.stderr.write(clean(message) + "\n")


def warn(message: str) -> None:
    """A message that is shown with ``--json`` as well."""
    sys.stderr.write(clean(message) + "\n")


def line(message: str) -> None:
    """One line of the result."""
    sys.stdout.write(clean(message) + "\n")


def console(*, stderr: bool = False) -> Console:
    """The terminal, imported late so that ``--help`` stays quick. A file or pipe is as wide as it needs to be."""
    from rich.console import Console

    width = None if (sys.stderr if stderr else sys.stdout).isatty() else WIDE
    return Console(stderr=stderr, width=width, highlight=False, emoji=False, soft_wrap=False)


def facts(values: Any, rows: Sequence[tuple[str, object]]) -> None:
    """One thing: ``values`` as JSON, or the labelled rows for people."""
    if Mode.json:
        emit(values)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(Text(label, style="bold"), Text(clean(value)))
    console().print(table)


def table(values: Any, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "") -> None:
    """Many things: ``values`` as JSON, or a table for people; ``empty`` is said when there is no row."""
    if Mode.json:
        emit(values)
        return
    found = [list(row) for row in rows]
    if not found:
        say(empty or _("nothing to show"))
        return
    if len(found) > MANY:  # laying out takes seconds, and nobody reads it on a screen
        for row in [columns, *found]:
            line("\t".join(str(cell) for cell in row))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in found:
        shown.add_row(*(Text(clean(cell)) for cell in row))
    console().print(shown)


def short(identity: object) -> str:
    """The first digits of an id, as lists show it."""
    return str(identity or "")[:SHORT]


def moment(time_us: int | None) -> str:
    """A time in the terminal's zone, to the second."""
    if not time_us:
        return "–"
    return datetime.fromtimestamp(time_us / 1e6, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def yes_no(value: bool) -> str:
    """A boolean in words."""
    return _("yes") if value else _("no")


def money(amount: int | None, currency: str) -> str:
    """An amount in minor units with its currency (yen have no minor unit)."""
    if amount is None:
        return ""
    from protocol.process.money import minor_digits

    digits = minor_digits(currency) if currency else 0
    return f"{amount / 10**digits:,.{digits}f} {currency}".strip()


def size(count: int) -> str:
    """A number of bytes for people."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Any]:
    """A progress bar on standard error; gives ``advance(n)``. Silent with ``--json`` or without a terminal."""
    if Mode.json or not sys.stderr.isatty():
        yield lambda _amount=1: None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda amount=1: bar.advance(task, amount)


def problem_text(problem: Mapping[str, Any]) -> str:
    """A refusal in one or two sentences: what, which field, which rule, what was kept."""
    detail = rules.said(str(problem.get("detail") or problem.get("title") or _("refused")))
    if problem.get("rule"):
        rule, field = rules.said(str(problem["rule"])), problem.get("field")
        detail = f"{field}: {rule}" if field else rule
    parts = [detail]
    if problem.get("kept"):
        parts.append(_("Nothing was stored.") if problem["kept"] == "nothing was stored" else str(problem["kept"]))
    if problem.get("incident"):
        parts.append(_("Incident {number}: see the node's log.").format(number=problem["incident"]))
    return " ".join(
        part if part.endswith((".", "。")) else part + ("." if part[-1:].isascii() else "。") for part in parts
    )
