"""Admin commands: questions between regions. Owns how they look to the command line and the association's page."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from node.api.admin.command import Ask, Command, Nothing
from node.api.context import Context
from node.services.questions import answering, cohorts, figures, gathering, overview, policy
from node.services.transaction import Tx
from protocol.errors import CallerFault, Malformed, WorldFault
from protocol.statistics.question import Unit

BY = "command line"
WAIT_S = 280.0  # a round of eight phases may take longer: it goes on by itself


class Publish(Ask, frozen=True):
    """``nodes``: names or ids of peers; this node is in it too. ``units``, ``percent``: of the rules."""

    name: str
    nodes: list[str]
    kind: str = "prefecture"
    area: str = ""
    days: int = 366
    units: int = 3
    percent: int = 10
    by: str = BY


class Named(Ask, frozen=True):
    """A cohort or a question: name or first digits of its id."""

    text: str
    reason: str = ""
    by: str = BY


class Asking(Ask, frozen=True):
    """``cells``: [code, first day, last day], days in ISO, both inclusive. ``unit``: company or node."""

    cohort: str
    figure: str
    cells: list[tuple[str, str, str]]
    unit: str = "company"
    missing: int = 0
    by: str = BY


class Running(Ask, frozen=True):
    """``patience``: seconds for which a silent node is waited for in each phase, at most 60."""

    text: str
    patience: int = 30


class Rule(Ask, frozen=True):
    """``rule``: auto, ask, never; ``asker``: a peer, empty: everybody else."""

    rule: str
    asker: str = ""
    by: str = BY


class Paged(Ask, frozen=True):
    """The latest ones."""

    limit: int = 100


def _running(context: Context) -> Any:
    if context.questions is None:
        raise WorldFault("the node is not running: start it with `yui serve`", code="not-running")
    return context.questions


# --- cohorts


async def publish(context: Context, ask: Publish) -> object:
    """Publish a cohort, and offer it to its nodes."""
    made = await _commit(
        context,
        lambda tx: cohorts.publish(
            context.house, tx, ask.name, ask.nodes, kind=ask.kind, area=ask.area, days=ask.days, units=ask.units,
            percent=ask.percent, by=ask.by,
        ),
    )  # fmt: skip
    told = await _running(context).offer(made)
    names = await _read(context, partial(overview.names_of, context.house))
    return {
        "cohort": made.cohort.hex(),
        "name": ask.name,
        "nodes": [{"node": names(key), "state": told.get(key, "accepted")} for key in made.keys],
    }


def list_cohorts(context: Context, _ask: Nothing) -> object:
    """Every cohort."""
    return context.store.read(partial(overview.cohorts_here, context.house))


def accept(context: Context, ask: Named) -> object:
    """Take part in a cohort."""
    return _decide(context, ask, accepts=True)


def decline(context: Context, ask: Named) -> object:
    """Take no part in it, from now on."""
    return _decide(context, ask, accepts=False)


def _decide(context: Context, ask: Named, *, accepts: bool) -> object:
    def work(tx: Tx) -> object:
        row = cohorts.decide(context.house, tx, ask.text, ask.by, accept=accepts)
        return overview.cohort(row, overview.names_of(context.house, tx))

    return context.commit(work)


# --- asking


async def ask_question(context: Context, ask: Asking) -> object:
    """Put a question together, sign it, and show it to everybody whom it asks."""
    cells = [overview.cell(at, *given) for at, given in enumerate(ask.cells)]
    try:
        unit = Unit(ask.unit)
    except ValueError:
        raise CallerFault("unit", "company or node") from None
    if ask.figure not in figures.FIGURES:
        raise CallerFault("figure", f"one of {', '.join(figures.FIGURES)}")
    asking = partial(
        gathering.ask, context.house, cohort=ask.cohort, figure=ask.figure, cells=cells, unit=unit,
        missing=ask.missing, by=ask.by,
    )  # fmt: skip
    try:
        row = await _commit(context, lambda tx: asking(tx=tx))
    except Malformed as fault:
        raise CallerFault("cells", str(fault)) from None
    told = await _running(context).announce(row.question)
    names = await _read(context, partial(overview.names_of, context.house))
    return {
        "question": row.question.hex(),
        "nodes": [{"node": names(key), "state": one.state, "reason": one.reason} for key, one in told.items()],
    }


async def run(context: Context, ask: Running) -> object:
    """Gather the answers, and wait for what comes of it."""
    question_hash = await _running(context).gather(ask.text, ask.patience, WAIT_S)
    return await _read(context, partial(overview.result, context.house, text=question_hash.hex()))


def show(context: Context, ask: Named) -> object:
    """What came of a question."""
    return context.store.read(partial(overview.result, context.house, text=ask.text))


# --- being asked


def waiting(context: Context, _ask: Nothing) -> object:
    """Questions that wait for a person here."""
    return context.store.read(partial(overview.waiting, context.house))


def questions(context: Context, ask: Paged) -> object:
    """The latest questions, ours and others'."""
    return context.store.read(partial(overview.latest, context.house, limit=ask.limit))


def allow(context: Context, ask: Named) -> object:
    """Answer a question that waits."""
    return _judge(context, ask, allows=True)


def refuse(context: Context, ask: Named) -> object:
    """Do not answer it."""
    return _judge(context, ask, allows=False)


def _judge(context: Context, ask: Named, *, allows: bool) -> object:
    def work(tx: Tx) -> object:
        row = answering.decide(context.house, tx, ask.text, ask.by, allow=allows, reason=ask.reason)
        return overview.asked(row, overview.names_of(context.house, tx))

    return context.commit(work)


def ledger(context: Context, ask: Paged) -> object:
    """What was asked by whom, and what left the house. Every signature and link is looked at first."""
    return context.store.read(partial(overview.ledger, context.house, limit=ask.limit))


def policies(context: Context, _ask: Nothing) -> object:
    """Who may ask."""
    return context.store.read(partial(overview.rules, context.house))


def change_policy(context: Context, ask: Rule) -> object:
    """Change it for one asker, or for everybody else."""

    def work(tx: Tx) -> None:
        policy.change(context.house, tx, policy.asker_of(tx, ask.asker), ask.rule, ask.by)

    context.commit(work)
    return policies(context, Nothing())


async def _commit(context: Context, work: Any) -> Any:
    return await asyncio.wrap_future(context.submit(work))


async def _read(context: Context, work: Any) -> Any:
    return await asyncio.to_thread(context.store.read, work)


COMMANDS = (
    Command("stats.publish", Publish, publish),
    Command("stats.cohorts", Nothing, list_cohorts, offline=True),
    Command("stats.accept", Named, accept, offline=True),
    Command("stats.decline", Named, decline, offline=True),
    Command("stats.ask", Asking, ask_question),
    Command("stats.run", Running, run),
    Command("stats.show", Named, show, offline=True),
    Command("stats.waiting", Nothing, waiting, offline=True),
    Command("stats.questions", Paged, questions, offline=True),
    Command("stats.allow", Named, allow, offline=True),
    Command("stats.refuse", Named, refuse, offline=True),
    Command("stats.ledger", Paged, ledger, offline=True),
    Command("stats.policies", Nothing, policies, offline=True),
    Command("stats.policy", Rule, change_policy, offline=True),
)
