"""`yui peer …`: enrolment of other associations' nodes, and their links."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit
from cli.output import moment, short
from node import words
from node.i18n import _

app = family(_("Other associations' nodes."))
Peer = Annotated[str, typer.Argument(metavar="PEER", help=_("Name, or first digits of the id."))]


@command(app, "invite", _("Exchange introductions with the node at an address, and show the code to compare."))
def invite(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help=_("https://host:port of the other node."))],
) -> None:
    """Begin an enrolment."""
    found = call("peer.invite", address=address)
    _show(found)
    if found.get("code"):
        output.say(
            _(
                "Call the other association by telephone. If both see the same code, both run `yui peer accept CODE`. "
                "If not, somebody is between you: `yui peer refuse`."
            )
        )


@command(app, "accept", _("Accept a peer, after comparing the code by telephone."))
def accept(
    peer: Annotated[
        str, typer.Argument(metavar="CODE|PEER", help=_("The code, or the peer's name or id with --code."))
    ],
    code: Annotated[str | None, typer.Option(help=_("The code that both sides see."))] = None,
) -> None:
    """Accept a peer."""
    _show(call("peer.accept", peer=peer, code=code))


@command(app, "refuse", _("Refuse a peer."))
def refuse(peer: Peer) -> None:
    """Refuse a peer."""
    _show(call("peer.refuse", peer=peer))


@command(app, "block", _("Block a peer: nothing of it is answered."))
def block(peer: Peer) -> None:
    """Block a peer."""
    _show(call("peer.block", peer=peer))


@command(app, "unblock", _("Let a blocked peer in again."))
def unblock(peer: Peer) -> None:
    """Unblock a peer."""
    _show(call("peer.unblock", peer=peer))


@command(app, "retry", _("Call a peer now instead of waiting for the next attempt."))
def retry(peer: Peer) -> None:
    """Call a peer now."""
    _show(call("peer.retry", peer=peer))


@command(app, "check", _("Find out step by step why a peer cannot be reached; exit code 1 when a step fails."))
def check(peer: Peer) -> None:
    """Diagnose a link."""
    found = call("peer.check", peer=peer)
    steps = found["steps"]
    rows = [("✓" if step["good"] else "✗", step["endpoint"], step["step"], step["sentence"]) for step in steps]
    output.table(found, ["", _("Address"), _("Step"), _("Found")], rows)
    if not all(step["good"] for step in steps):
        raise typer.Exit(Exit.REFUSED)


@command(app, "list", _("List peers, who waits for an answer, and what was seen on the local network."))
def list_peers() -> None:
    """List peers."""
    found = call("peer.list")
    rows = [
        (
            row["name"],
            short(row["node"]),
            words.peer(row["state"]),
            _spoken(row["code"]),
            row["endpoint"] or "–",
            row["pending"],
            row["elsewhere"],
            row["failures"],
            moment(row["last_contact"]),
            row["last_error"],
        )
        for row in found["peers"]
    ]
    columns = [
        _("Name"),
        _("Node"),
        _("State"),
        _("Code"),
        _("Address"),
        _("Unreceipted"),
        _("Left with others"),
        _("Failures"),
        _("Last contact"),
        _("Last error"),
    ]
    output.table(found, columns, rows, empty=_("no peers yet: `yui peer invite ADDRESS`"))
    for seen in () if output.Mode.json else found["suggestions"]:
        output.say(
            _("Seen on this network (not verified): {node} at {address}").format(
                node=short(seen.get("node")), address=seen.get("address")
            )
        )


def _show(found: dict[str, Any]) -> None:
    code = str(found.get("code") or "")
    rows = [
        (_("Peer"), found.get("name", "")),
        (_("Node"), found.get("node", "")),
        (_("State"), words.peer(found.get("state", ""))),
        (_("Code"), _spoken(code)),
        (_("Address"), found.get("endpoint", "")),
    ]
    output.facts(found, [(label, value) for label, value in rows if value])


def _spoken(code: str) -> str:
    """A code as people read it aloud."""
    return f"{code[:4]} {code[4:]}" if code.isdigit() else code
