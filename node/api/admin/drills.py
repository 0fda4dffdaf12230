"""Admin commands: drills. One at a time, beside the node's work; the report is signed by the node when it ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from node.api.admin.command import Ask, Command, Nothing
from node.api.context import Context
from node.drill import Drill
from node.services.drilling import report
from node.services.drilling.report import Reporter
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound, WorldFault

USUAL = 3


class Begin(Ask, frozen=True):
    """``members``: of how many, chosen at random, everything is read and put back; ``all``: of every one."""

    members: int = USUAL
    all: bool = False


@dataclass
class _Running:
    """A drill under way or done. ``told``: why it ended early."""

    drill: Drill
    of: int
    task: asyncio.Task[None] | None = None
    report: dict[str, Any] | None = None
    told: str = ""


async def begin(context: Context, ask: Begin) -> object:
    """Start a drill. CallerFault while one runs."""
    if context.peers is None:
        raise WorldFault("this node does not serve peers now", code="not-running")
    if context.drill is not None and context.drill.task is not None and not context.drill.task.done():
        raise CallerFault("drill", "one is under way", code="busy")
    if not 0 <= ask.members <= 10_000:
        raise CallerFault("members", "0 to 10,000")
    names, guarded = await asyncio.to_thread(context.store.read, _members)
    chosen = guarded if ask.all else _some(context, guarded, ask.members)
    running = _Running(Drill(context.house, list(names), chosen), len(names))
    context.drill = running
    running.task = asyncio.get_running_loop().create_task(_run(context, running, Reporter(context.house, names)))
    return {"members": len(names), "drilled": len(chosen)}


def _members(tx: Tx) -> tuple[dict[bytes, str], list[bytes]]:
    """Names of all members of this node, and those of whom copies are kept elsewhere."""
    names = {row.member: row.name for row in tx.members.all(local=True)}
    kept = {row.member for row in tx.guarding.all()}
    return names, [member for member in names if member in kept]


def _some(context: Context, members: list[bytes], count: int) -> list[bytes]:
    """``count`` of them, each as likely as any other."""
    left = list(members)
    found: list[bytes] = []
    while left and len(found) < count:
        at = int.from_bytes(context.house.entropy(8), "big") % len(left)
        found.append(left.pop(at))
    return found


async def _run(context: Context, running: _Running, reporter: Reporter) -> None:
    try:
        await context.peers.run(running.drill.run(reporter.add))
        found = reporter.report()
        await asyncio.wrap_future(context.submit(lambda tx: report.note(tx, found)))
        running.report = report.sign(context.house, found)
    except Exception as error:  # the person who waits is told
        running.told = f"{type(error).__name__}: {error}"[:300]
        raise


async def state(context: Context, _ask: Nothing) -> object:
    """How far it is; the signed report once it is done."""
    running = context.drill
    if running is None:
        raise NotFound("drill", "none was begun since the node started")
    if running.told:
        raise WorldFault(f"the drill ended early: {running.told}", code="unavailable")
    return {"done": running.drill.done, "of": running.of, "report": running.report}


COMMANDS = (
    Command("drill.begin", Begin, begin),
    Command("drill.state", Nothing, state),
)
