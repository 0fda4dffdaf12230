"""`yui stats …`: questions between regions: cohorts, asking, answering, what left the house."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment, short
from node.i18n import _

app = family(_("Questions between regions: sums that show no firm and no region."))
Cohort = Annotated[str, typer.Argument(metavar="COHORT", help=_("Its name, or first digits of its id."))]
Question = Annotated[str, typer.Argument(metavar="QUESTION", help=_("First digits of its id."))]


@command(app, "publish", _("Publish a cohort: this node and peers that are asked together, for a fixed time."))
def publish(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_("What it is called."))],
    nodes: Annotated[list[str], typer.Argument(metavar="PEER…", help=_("Peers by name or id, at least three."))],
    kind: Annotated[str, typer.Option(help=_("street, city, prefecture, industry …"))] = "prefecture",
    area: Annotated[str, typer.Option(help=_("Code of the area."))] = "",
    days: Annotated[int, typer.Option(min=1, max=400, help=_("For how long it stands."))] = 366,
    units: Annotated[int, typer.Option(min=3, max=100, help=_("Firms that a figure needs at least."))] = 3,
    percent: Annotated[int, typer.Option(min=1, max=100, help=_("p of the p % rule; told to its nodes only."))] = 10,
) -> None:
    """Publish a cohort."""
    found = call("stats.publish", name=name, nodes=nodes, kind=kind, area=area, days=days, units=units, percent=percent)
    output.table(found, [_("Node"), _("State")], [(row["node"], row["state"]) for row in found["nodes"]])


@command(app, "cohorts", _("Who is asked together."))
def cohorts() -> None:
    """List cohorts."""
    found = call("stats.cohorts")
    rows = [
        (short(row["cohort"]), row["name"], row["publisher"], len(row["nodes"]), moment(row["until"]), row["state"])
        for row in found
    ]
    columns = [_("Id"), _("Name"), _("Published by"), _("Nodes"), _("Until"), _("State")]
    output.table(found, columns, rows, empty=_("no cohort yet"))


@command(app, "accept", _("Take part in a cohort that another node published."))
def accept(cohort: Cohort) -> None:
    """Take part."""
    _cohort(call("stats.accept", text=cohort))


@command(app, "decline", _("Take no part in a cohort, from now on."))
def decline(cohort: Cohort) -> None:
    """Take no part."""
    _cohort(call("stats.decline", text=cohort))


def _cohort(found: dict[str, Any]) -> None:
    output.facts(found, [(_("Name"), found["name"]), (_("State"), found["state"])])


@command(app, "ask", _("Ask a cohort: the question is signed and shown to its nodes."))
def ask(
    cohort: Cohort,
    figure: Annotated[str, typer.Argument(metavar="FIGURE", help=_("sales, pieces, amount or dealings."))],
    since: Annotated[str, typer.Option(help=_("First day, 2026-10-01."))] = "",
    until: Annotated[str, typer.Option(help=_("Last day, 2026-10-31."))] = "",
    code: Annotated[list[str] | None, typer.Option(help=_("What the goods' or area's code begins with."))] = None,
    cells: Annotated[Path | None, typer.Option(metavar="CSV", help=_("Lines of code, first day, last day."))] = None,
    unit: Annotated[str, typer.Option(help=_("What is counted: company or node."))] = "company",
    missing: Annotated[int, typer.Option(min=0, max=16, help=_("Nodes that may be lost, where they are units."))] = 0,
) -> None:
    """Ask."""
    wanted = _cells(cells) if cells is not None else [(one, since, until) for one in code or [""]]
    found = call("stats.ask", cohort=cohort, figure=figure, cells=wanted, unit=unit, missing=missing)
    rows = [(row["node"], row["state"], row["reason"]) for row in found["nodes"]]
    output.table(found, [_("Node"), _("State"), _("Reason")], rows)
    if not output.Mode.json:
        output.say(_("When enough nodes are ready: yui stats run {id}").format(id=short(found["question"])))


def _cells(path: Path) -> list[tuple[str, str, str]]:
    try:
        rows = [tuple(row) for row in csv.reader(path.read_text("utf-8").splitlines()) if row]
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.BAD_INPUT, _("{file}: cannot be read: {error}").format(file=path, error=error)) from None
    wrong = next((at for at, row in enumerate(rows, 1) if len(row) != 3), None)
    if wrong is not None:
        raise Failure(Exit.BAD_INPUT, _("{file}: line {n}: code, first day, last day").format(file=path, n=wrong))
    return [(row[0], row[1], row[2]) for row in rows]


@command(app, "run", _("Gather the answers to a question and show the sums that may be shown."))
def run(
    question: Question,
    patience: Annotated[int, typer.Option(min=1, max=60, help=_("Seconds for silent nodes in each phase."))] = 30,
) -> None:
    """Gather."""
    _result(call("stats.run", text=question, patience=patience))


@command(app, "show", _("What came of a question of ours."))
def show(question: Question) -> None:
    """Show it."""
    _result(call("stats.show", text=question))


def _result(found: dict[str, Any]) -> None:
    why = {"few": _("too few firms"), "empty": _("none at all"), "withheld": _("withheld: would show another cell")}
    output.facts(
        found,
        [
            (_("State"), found["state"]),
            (_("Reason"), found["reason"]),
            (_("Answered by"), ", ".join(found["nodes"])),
            *((row["node"], row["rule"]) for row in found["named"]),
        ],
    )
    if not output.Mode.json:
        rows = [
            (row["code"], row["first"], row["last"], why[row["why"]] if row["sum"] is None else f"{row['sum']:,}")
            for row in found["cells"]
        ]
        output.table(found, [_("Code"), _("Since"), _("Until"), found["figure"]], rows, empty=_("nothing was opened"))


@command(app, "waiting", _("Questions that wait for a person here."))
def waiting() -> None:
    """List them."""
    found = call("stats.waiting")
    rows = [
        (short(row["question"]), row["asker"], row["figure"], row["cells"], row["first"], row["last"]) for row in found
    ]
    columns = [_("Id"), _("Asked by"), _("What is summed"), _("Cells"), _("Since"), _("Until")]
    output.table(found, columns, rows, empty=_("no question waits"))


@command(app, "allow", _("Answer a question that waits."))
def allow(question: Question) -> None:
    """Allow it."""
    _judged(call("stats.allow", text=question))


@command(app, "refuse", _("Do not answer a question. No reason is owed."))
def refuse(question: Question, reason: Annotated[str, typer.Option(help=_("What the asker is told."))] = "") -> None:
    """Refuse it."""
    _judged(call("stats.refuse", text=question, reason=reason))


def _judged(found: dict[str, Any]) -> None:
    output.facts(found, [(_("Asked by"), found["asker"]), (_("State"), found["state"])])


@command(app, "ledger", _("What was asked by whom, and what left the house: signed and linked."))
def ledger(limit: Annotated[int, typer.Option(min=1, max=10_000, help=_("The latest ones."))] = 100) -> None:
    """Show the ledger."""
    found = call("stats.ledger", limit=limit)
    rows = [
        (row["number"], moment(row["time"]), row["event"], row["asker"], row["figure"], len(row["cells"]),
         short(row["question"]), row["detail"])
        for row in found
    ]  # fmt: skip
    columns = [_("No."), _("Time"), _("Event"), _("Asked by"), _("What is summed"), _("Cells"), _("Question")]
    columns.append(_("Reason"))
    output.table(found, columns, rows, empty=_("nothing was asked yet"))


@command(app, "policy", _("Who may ask: answered at once (auto), by a person (ask), or never."))
def policy(
    rule: Annotated[str, typer.Argument(metavar="[auto|ask|never]", help=_("Without it: show the rules."))] = "",
    asker: Annotated[str, typer.Option(help=_("A peer; without it: everybody else."))] = "",
) -> None:
    """Show or change it."""
    found = call("stats.policy", rule=rule, asker=asker) if rule else call("stats.policies")
    rows = [(row["asker"] or _("everybody else"), row["rule"]) for row in found]
    output.table(found, [_("Asked by"), _("Rule")], rows)
