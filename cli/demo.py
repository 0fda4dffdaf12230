"""``yui demo``: three nodes on this machine, real orders, one node killed and one cut off; every document is counted.
Then six nodes with the registers of their shops: a question to all of them, compared with the truth to the yen; and a
joint order of what those shops sell, its organiser killed before the deadline, settled to the yen.

Parses, has the story told, shows its account; exit code 1 when anything is missing. What happens is
``cli.demonstration``'s.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.cluster.ending import ended_by_signals
from cli.command import tell
from cli.exits import Exit, Failure
from node.i18n import _

if TYPE_CHECKING:
    from cli.demonstration.accounts import Count
    from cli.demonstration.federation import Federation
    from cli.demonstration.jointly import Found as Bought
    from cli.demonstration.october.stage import Stage
    from cli.demonstration.sales import Found

MOST_NAMED = 5  # of what is wrong
KEEP = Annotated[
    bool,
    typer.Option("--keep", help=_("Then tell October 2026 on three new nodes and stay up: logins, tokens.")),
]
FOLDER = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help=_("Leave the nodes' data in a new folder below DIR."))
]
DISASTER = Annotated[
    bool,
    typer.Option("--disaster", help=_("Six nodes: one is destroyed with its disk, its members come back at another.")),
]
WHOLE = Annotated[
    bool,
    typer.Option("--whole", help=_("Shared sales with all lines of a year, not with nine weeks of 24 stores.")),
]
JSON = Annotated[bool, typer.Option("--json", help=_("Answer with one JSON value on standard output."))]


def demo(
    keep: KEEP = False, disaster: DISASTER = False, folder: FOLDER = None, whole: WHOLE = False, json: JSON = False
) -> None:
    """Tell the story; one table at the end."""
    output.Mode.json = json
    try:
        with _place(folder) as place, ended_by_signals():
            _run(place, keep, disaster, whole)
    except Failure as failure:
        raise typer.Exit(tell(failure)) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _run(place: Path, keep: bool, disaster: bool, whole: bool) -> None:
    from cli.cluster.member_api import Refused
    from cli.cluster.nodes import Failed

    try:
        if disaster:
            _burn(place)
        else:
            _account(place, whole)
        if keep:
            _tell_october(place)
    except (Failed, Refused, OSError) as error:
        raise Failure(Exit.REFUSED, str(error)) from None


def _account(place: Path, whole: bool) -> None:
    """The main job: three nodes, faults, and every document counted; then the sales of six."""
    from cli.demonstration.federation import Federation

    began = time.monotonic()
    federation = Federation(place)
    try:
        counted = _carry_out(federation, place)
    finally:
        federation.stop()
    traded = time.monotonic() - began
    found, selling, bought, buying = _sell(place, whole)
    _show(counted, traded, found, selling, bought, buying)
    wrong = ([] if counted.complete else [_wrong(counted)]) + found.wrong + list(bought.wrong)
    if wrong:
        raise Failure(Exit.REFUSED, "; ".join(wrong[:MOST_NAMED]))


def _sell(place: Path, whole: bool) -> tuple[Found, float, Bought, float]:
    """Shared sales on six new nodes, then a joint order of their shops; each with the seconds that it took."""
    from cli.demonstration.jointly import Jointly
    from cli.demonstration.sales import Together

    (place / "sales").mkdir()
    began = time.monotonic()
    story = Together(place / "sales", _say, whole=whole)
    try:
        found = story.tell()
        sold = time.monotonic()
        bought = Jointly(story.nodes, story.shops, story.lines, _say).tell()
        return found, sold - began, bought, time.monotonic() - sold
    finally:
        story.stop()


def _burn(place: Path) -> None:
    """The other main job: a node is lost, nobody's documents are."""
    from cli.demonstration.disaster import Disaster

    (place / "disaster").mkdir()
    story = Disaster(place / "disaster", _say)
    try:
        found = story.tell()
    finally:
        story.stop()
    losses = found.losses
    if output.Mode.json:
        output.emit(
            {
                **losses._asdict(),
                "seconds_first": round(found.seconds_first, 1),
                "seconds_all": round(found.seconds_all, 1),
                "old_disk_fenced": found.fenced,
            }
        )
    else:
        together = (_("together"), losses.before, losses.found, losses.waiting, sum(row[4] for row in found.rows))
        columns = (_("firm"), _("documents before"), _("found at its return"), _("waiting"), _("now"))
        output.table(None, columns, [*found.rows, together])
        output.line(
            _("Lost: {lost}. Twice: {twice}. First firm back after {first} s, all after {all} s.").format(
                lost=losses.lost,
                twice=losses.duplicated,
                first=f"{found.seconds_first:.0f}",
                all=f"{found.seconds_all:.0f}",
            )
        )
    if not found.complete:
        raise Failure(Exit.REFUSED, _("not every document came back: see the table"))


def _tell_october(place: Path) -> None:
    """Three new nodes, on which only October 2026 has happened; they stay up until Ctrl-C."""
    from cli.demonstration.october.stage import Stage

    (place / "october").mkdir()
    stage = Stage(place / "october")
    try:
        stage.set(_say)
        _stay(stage)
    finally:
        stage.stop()


def _carry_out(federation: Federation, place: Path) -> Count:
    from cli.demonstration.accounts import Books
    from cli.demonstration.firms import ASSOCIATIONS, FIRMS
    from cli.demonstration.story import Story

    federation.found()
    _say(_("three nodes run: {names}").format(names=", ".join(item.name for item in ASSOCIATIONS.values())))
    for one, other, code in federation.befriend():
        names = ASSOCIATIONS[one].name, ASSOCIATIONS[other].name
        _say(
            _("{one} and {other} compared the code {code} and are peers").format(
                one=names[0], other=names[1], code=code
            )
        )
    federation.enrol(FIRMS.values())
    federation.await_directory()
    _say(_("{count} firms enrolled; each finds all others in the directory").format(count=len(FIRMS)))
    books = Books(federation.api)
    Story(federation, books, time.strftime("%H%M%S"), _say).tell()
    _say(_("counting, and verifying {count} exported proofs").format(count=len(books.entries)))
    proofs = place / "proofs"
    proofs.mkdir()
    return books.count(proofs, FIRMS)


def _say(text: str) -> None:
    output.say(f"• {text}")


def _show(counted: Count, seconds: float, found: Found, selling: float, bought: Bought, buying: float) -> None:
    total = counted.total
    if output.Mode.json:
        output.emit(
            {
                "documents": total.sent,
                "received": total.received,
                "receipted": total.receipted,
                "proved": total.proved,
                "lost": len(counted.lost),
                "duplicated": len(counted.duplicated),
                "seconds": round(seconds, 1),
                "sales": _sales(found, selling),
                "joint": _joint(bought, buying),
            }
        )
        return
    rows = [(_(row.label), row.sent, row.received, row.receipted, row.proved) for row in counted.rows]
    columns = (_("documents"), _("sent"), _("received"), _("receipted"), _("proved"))
    output.table(None, columns, [*rows, (_("together"), total.sent, total.received, total.receipted, total.proved)])
    if counted.complete:
        output.line(
            _("Every document arrived exactly once and is proved by its receipt ({seconds} s).").format(
                seconds=f"{seconds:.0f}"
            )
        )
    _show_sales(found, selling)
    _show_joint(bought, buying)


def _sales(found: Found, seconds: float) -> dict[str, object]:
    opened = [one for one in found.cells if one.opened is not None]
    return {
        "real": found.real,
        "lines": found.lines,
        "stores": found.stores,
        "shops": len(found.shops),
        "nodes": found.answered,
        "cells": len(found.cells),
        "opened": len(opened),
        "withheld": len(found.cells) - len(opened),
        "forbidden": sum(not one.allowed for one in opened),
        "sum": sum(one.opened or 0 for one in opened),
        "truth": sum(one.truth for one in opened),
        "weeks_shown": len(found.weeks),
        "differences": len(found.wrong),
        "seconds": round(seconds, 1),
    }


def _show_sales(found: Found, seconds: float) -> None:
    from cli.demonstration.sixnodes import PLACES

    places = list(PLACES.values())
    taken = [(item.name, [one for one in found.shops if one.place == at]) for at, item in enumerate(places)]
    rows = [
        (name, len(shops), sum(one.told["new"] for one in shops), sum(one.told["bad"] for one in shops))
        for name, shops in taken
    ]
    output.table(None, (_("Node"), _("shops"), _("lines stored"), _("lines named as bad")), rows)
    output.line(_("Item {item} on a shop's page:").format(item=found.item))
    weeks = [(str(one.day), one.own, one.others, output.yes_no(one.right)) for one in found.weeks]
    output.table(None, (_("Week from"), _("My shop"), _("Average of others"), _("true")), weeks)
    output.line(_("What {n} nodes sold together in four weeks, in yen:").format(n=found.answered))
    cells = [
        (one.item, _("too few firms") if one.opened is None else f"{one.opened:,}",
         "" if one.opened is None else f"{one.truth:,}", output.yes_no(one.right))
        for one in found.cells
    ]  # fmt: skip
    told = _sales(found, 0)
    cells.append((_("together"), f"{told['sum']:,}", f"{told['truth']:,}", output.yes_no(not found.wrong)))
    output.table(None, (_("Item"), _("opened"), _("the truth"), _("true")), cells)
    output.line(
        _("{opened} of {cells} figures were opened; {forbidden} that the rules forbid ({seconds} s).")
        .format(opened=told["opened"], cells=told["cells"], forbidden=told["forbidden"], seconds=f"{seconds:.0f}")
    )  # fmt: skip


def _joint(found: Bought, seconds: float) -> dict[str, object]:
    rows = found.rows
    return {
        "real": found.real,
        "nodes": len(rows),
        "shops": sum(row.firms for row in rows),
        "same_result": found.same,
        "closed_after_seconds": round(found.closed_s, 1),
        "pledged": sum(row.pledged for row in rows),
        "granted": sum(row.granted for row in rows),
        "came": sum(row.came for row in rows),
        "alone": sum(row.alone for row in rows),
        "together": sum(row.pays for row in rows),
        "prices": [list(pair) for pair in found.prices],
        "billed": found.billed,
        "settled": found.settled,
        "group_members": found.group,
        "group_same_at": found.group_same,
        "differences": len(found.wrong),
        "seconds": round(seconds, 1),
    }


def _show_joint(found: Bought, seconds: float) -> None:
    from cli.demonstration.sixnodes import PLACES

    output.line(_("What the shops bought together (its organiser's node was killed before the deadline):"))
    names = [item.name for item in PLACES.values()]
    rows: list[tuple[object, ...]] = [
        (names[row.place], row.firms, row.pledged, row.granted, row.came, f"{row.alone:,}", f"{row.pays:,}",
         f"{row.settled:,}")
        for row in found.rows
    ]  # fmt: skip
    told = _joint(found, seconds)
    rows.append((_("together"), *(told[name] for name in ("shops", "pledged", "granted", "came")),
                 *(f"{told[name]:,}" for name in ("alone", "together", "settled"))))  # fmt: skip
    columns = (_("Node"), _("shops"), _("pledged"), _("granted"), _("came"), _("alone, net"), _("together, net"),
               _("settled, with tax"))  # fmt: skip
    output.table(None, columns, rows)
    output.line(
        _(
            "{same} associations computed the same result, {closed} s after the deadline. The wholesaler's bill of"
            " {billed} yen is the sum of all settlements: {right}. A group of {n} formed anew meanwhile, the same at"
            " {homes} homes ({seconds} s)."
        ).format(
            same=found.same, closed=f"{found.closed_s:.0f}", billed=f"{found.billed:,}",
            right=output.yes_no(found.billed == found.settled), n=found.group, homes=found.group_same,
            seconds=f"{seconds:.0f}",
        )
    )  # fmt: skip


def _wrong(counted: Count) -> str:
    lost = ", ".join(f"{entry.type} {entry.number}" for entry in counted.lost[:5])
    return _("not every document is accounted for: {lost} lost ({names}), {twice} received twice or unasked").format(
        lost=len(counted.lost), names=lost, twice=len(counted.duplicated)
    )


def _stay(stage: Stage) -> None:
    """Show how to reach everything, and wait for Ctrl-C."""
    federation = stage.federation
    accounts = federation.accounts.values()
    nodes = [(node.name, node.api, node.peer, node.folder) for node in federation.nodes.values()]
    tokens = [(item.firm.name, federation.node_of(item.firm.key).api, item.token) for item in accounts]
    if output.Mode.json:
        shown = [dict(zip(("name", "api", "peer", "data"), map(str, row), strict=True)) for row in nodes]
        logins = [person._asdict() for person in stage.people]
        output.emit({"nodes": shown, "tokens": {name: token for name, _api, token in tokens}, "logins": logins})
    else:
        output.table(None, (_("node"), _("member API"), _("peer port"), _("Data folder")), nodes)
        output.table(None, (_("firm"), _("member API"), _("Token")), tokens)
        _show_logins(stage)
    output.say(_("Ctrl-C ends it."))
    signal.pause()


def _show_logins(stage: Stage) -> None:
    columns = (_("house"), _("role"), _("page"), _("Login"), _("Password"))
    rows = [(one.house, one.role_word, one.page, one.name, one.password) for one in stage.people]
    output.table(None, columns, rows)
    output.line(
        _("Open a page in a browser and log in. All firms are fictitious; the story is told in docs/join/README.md.")
    )


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """A new folder: below ``folder``, where it stays, or a temporary one that is removed."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="demo-", dir=folder))
        output.say(_("the nodes' data: {folder}").format(folder=place))
        yield place
        return
    place = Path(tempfile.mkdtemp(prefix="yui-demo-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
