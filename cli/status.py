"""`yui status` and `yui doctor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.client import call, is_running
from cli.exits import Exit, Failure
from cli.output import moment, short
from node import words
from node.i18n import _


def status() -> None:
    """How the node is."""
    found = call("status")
    found["running"] = is_running()
    if output.Mode.json:
        output.emit(found)
        return
    output.facts(
        found,
        [
            (_("Node"), f"{found['name']} ({short(found['node'])})"),
            (_("Runs"), output.yes_no(found["running"])),
            (_("May sign"), words.signing(found["frozen"], found["recovering"])),
            (_("Network"), found["network"]),
            (_("Members"), found["members"]),
            (_("Documents"), found["documents"]),
            (_("Not indexed yet"), found["index_lag"]),
            (_("Held for a person"), found["held"]),
            (_("Waiting for something"), found["waiting"]),
            (_("In quarantine"), found["quarantined"]),
            (_("Directory entries"), found["cards"]),
        ],
    )
    output.table(
        found["peers"],
        [_("Peer"), _("Node"), _("State"), _("Unreceipted"), _("Failures"), _("Last contact"), _("Last error")],
        [
            (
                peer["name"],
                short(peer["node"]),
                words.peer(peer["state"]),
                peer["pending"],
                peer["failures"],
                moment(peer["last_contact"]),
                peer["last_error"],
            )
            for peer in found["peers"]
        ],
        empty=_("no peers yet: `yui peer invite ADDRESS`"),
    )
    if found["departed"]:
        output.table(
            found["departed"],
            [_("Moved away"), _("Member"), _("At home at"), _("Since"), _("Not handed over")],
            [
                (gone["name"], short(gone["member"]), short(gone["home"]), moment(gone["since"]), gone["tail"])
                for gone in found["departed"]
            ],
        )


def resolve(
    sure: Annotated[bool, typer.Option("--no-other-copy-runs", help=_("You have made sure of it."))] = False,
) -> None:
    """Go on after a copy of this node was found."""
    if not sure:
        raise Failure(
            Exit.BAD_INPUT,
            _(
                "A copy of this node was seen by a peer. Find it and switch it off for good; then run this again with "
                "--no-other-copy-runs."
            ),
        )
    found = call("node.resolve")
    output.facts(found, [(_("Resolved"), _("this node opens new epochs and goes on"))])


def doctor() -> None:
    """Look for what may be wrong; exit code 1 when something is."""
    found = call("doctor")
    rows = [("✓" if item["ok"] else "✗", *words.finding(item)) for item in found["findings"]]
    output.table(found, ["", _("Check"), _("Found")], rows)
    if not found["ok"]:
        raise typer.Exit(Exit.REFUSED)


def support_bundle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("The file to write."))],
) -> None:
    """Write what may be handed to somebody who helps."""
    found = call("support.bundle")
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(
            Exit.BAD_INPUT, _("{path} cannot be written: {error}").format(path=file, error=error.strerror)
        ) from None
    output.facts({"file": str(file), "bytes": len(text.encode())}, [(_("File"), file)])
    output.say(_("It is plain text: read it before you hand it on. No names, ids, addresses or papers are in it."))
