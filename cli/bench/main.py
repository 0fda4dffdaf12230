"""``yui bench``: what there is to measure. Parses, runs, prints one object; exit code 1 if not on target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from cli import output
from cli.bench.report import Report
from cli.cluster.ending import ended_by_signals
from cli.cluster.nodes import Failed
from cli.command import command, family
from cli.exits import Exit, Failure
from node.i18n import _

app = family(_("Measure this machine's nodes: what they cost and what they survive."))

RUNS = Annotated[int, typer.Option("--runs", min=1, help=_("Runs on fresh nodes; figures are medians."))]
DOCUMENTS = Annotated[int, typer.Option("--documents", min=250, help=_("Orders in each run."))]
SINGLES = Annotated[int, typer.Option("--singles", min=10, help=_("Orders sent alone in each run."))]
KILLS = Annotated[int, typer.Option("--kills", min=2, help=_("How often a node is killed, half at each end."))]
ACKNOWLEDGED = Annotated[int, typer.Option("--documents", min=20, help=_("Orders that must be acknowledged."))]
HELD = Annotated[int, typer.Option("--documents", min=200, help=_("Papers that the node holds."))]
ROUNDS = Annotated[int, typer.Option("--rounds", min=5, help=_("Answers of each page in each language."))]
MEMBERS = Annotated[int, typer.Option("--members", min=2, help=_("Members of the node that burns."))]
RANDOM_ROUNDS = 10_000
OPEN_OFFERS = Annotated[int, typer.Option("--offers", min=0, help=_("Open offers in the search; 0: none."))]
OF_NODES = Annotated[int, typer.Option("--associations", min=1, help=_("Associations from which they come."))]
OF_MEMBERS = Annotated[int, typer.Option("--documents", min=2, help=_("Orders of all of them together."))]
FILES = Annotated[int, typer.Option("--attachments", min=0, help=_("MB of files that go with some orders."))]
BACKLOG = Annotated[int, typer.Option("--backlog", min=0, help=_("Orders that wait for a node that was away."))]
PLEDGES = Annotated[int, typer.Option("--pledges", min=10, help=_("Firms that pledge."))]
OVER_NODES = Annotated[int, typer.Option("--nodes", min=5, help=_("Simulated nodes that keep them."))]
SEED = Annotated[int, typer.Option("--seed", help=_("For the moments of the kills."))]

LINES = Annotated[int, typer.Option("--lines", min=10_000, help=_("Lines of the file that is taken over."))]
OF_LINES = Annotated[int, typer.Option("--asked", min=10_000, help=_("Lines that questions are asked of."))]
ASKED = Annotated[int, typer.Option("--nodes", min=4, max=50, help=_("Nodes that are asked."))]
CELLS = Annotated[int, typer.Option("--cells", min=1, max=1000, help=_("Classes of goods in each question."))]
QUESTIONS = Annotated[int, typer.Option("--rounds", min=1, help=_("Questions; the figure is their median."))]


@command(app, "delivery", _("Signed orders between two nodes: documents per second, CPU, latency, memory."))
def delivery_command(runs: RUNS = 5, documents: DOCUMENTS = 10_000, singles: SINGLES = 200) -> None:
    """Five runs take about three minutes."""
    from cli.bench import delivery

    show(_attempt(lambda: delivery.run(runs, delivery.Size(documents, documents, singles), output.warn)))


@command(app, "kill", _("Kill real nodes under load, and count every document from the raw files."))
def kill_command(kills: KILLS = 200, documents: ACKNOWLEDGED = 20_000, seed: SEED = 1) -> None:
    """The full run takes some minutes."""
    from cli.bench import kill

    show(_attempt(lambda: kill.run(kills, documents, seed, output.warn)))


@command(app, "pages", _("Every page of a node that holds many papers: milliseconds, bytes, memory."))
def pages_command(documents: HELD = 10_000, rounds: ROUNDS = 20) -> None:
    """About two minutes; half of it is writing the papers."""
    from cli.bench import pages

    show(_attempt(lambda: pages.run(documents, rounds, output.warn)))


@command(app, "continuity", _("Burn a node: how soon its members work elsewhere, what was lost, what copies cost."))
def continuity_command(
    members: MEMBERS = 200, documents: OF_MEMBERS = 10_000, attachments: FILES = 1000, backlog: BACKLOG = 100_000
) -> None:
    """Some ten minutes; most of them are enrolling and sending. Takes ten times as much disk as attachments."""
    from cli.bench import continuity

    size = continuity.Size(members, documents, attachments, backlog)
    show(_attempt(lambda: continuity.run(size, output.warn)))


@command(app, "together", _("Joint orders and offers: closing while the organiser is dark, search, matching, room."))
def together_command(
    pledges: PLEDGES = 2_000, nodes: OVER_NODES = 50, offers: OPEN_OFFERS = 100_000, associations: OF_NODES = 2_000
) -> None:
    """Three minutes; most of it is pledging, and signing offers."""
    from cli.bench import together

    more = {"offers": offers, "associations": associations, "rounds": RANDOM_ROUNDS}
    show(_attempt(lambda: together.run(pledges, nodes, **more, warn=output.warn)))


@command(app, "questions", _("One question between real nodes: seconds until the sums, compared with the truth."))
def questions_command(nodes: ASKED = 5, cells: CELLS = 1000, rounds: QUESTIONS = 3) -> None:
    """A minute; most of it is setting up."""
    from cli.bench import asked

    show(_attempt(lambda: asked.run(nodes, cells, rounds, output.warn)))


@command(app, "stats", _("Sales: lines a second that are taken over, milliseconds of a question."))
def stats_command(lines: LINES = 1_400_000, asked: OF_LINES = 10_000_000) -> None:
    """About four minutes."""
    from cli.bench import stats

    show(_attempt(lambda: stats.run(lines, asked, output.warn)))


def show(report: Report) -> None:
    """The object for programs, two tables for people; ends with exit code 1 when a target is missed."""
    if output.Mode.json:
        output.emit(report.as_json())
    else:
        found = report.as_json()
        rows = [(name, value) for part in ("figures", "floors") for name, value in found[part].items()]
        output.table(None, (_("figure"), _("value")), rows)
        limits = [
            (item["name"], item["figure"], item["target"], output.yes_no(item["met"])) for item in found["targets"]
        ]
        output.table(None, (_("target"), _("figure"), _("limit"), _("met")), limits)
    if not report.met:
        missed = ", ".join(target.name for target in report.targets if not target.met)
        raise Failure(Exit.REFUSED, _("not met: {names}").format(names=missed))


def _attempt(work: Callable[[], Report]) -> Report:
    try:
        with ended_by_signals():
            return work()
    except Failed as failure:
        raise Failure(Exit.REFUSED, str(failure)) from None
