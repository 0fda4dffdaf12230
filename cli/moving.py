"""`yui move …`: a member goes to another association, or comes from one. Its words are used here and kept nowhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment
from node import rules
from node.i18n import _

if TYPE_CHECKING:
    from protocol.keys import SigningKey

app = family(_("Members that move to another association, with both nodes alive."))
LOOK_S = 0.5
WAIT_S = 24 * 3600.0
MEMBER = Annotated[str, typer.Argument(metavar="MEMBER", help=_("The member, by name or id."))]


@command(app, "out", _("Let a member go to another association: a code for it, then the member's 24 words."))
def out(
    member: MEMBER,
    to: Annotated[str, typer.Option("--to", metavar="PEER", help=_("The association that takes the member in."))],
) -> None:
    """Ask for a code, wait until everything is there, sign."""
    key = _words(call("move.look", member=member))
    found = call("move.look", member=member)["move"]
    if found is None or found["state"] not in ("copying", "ready"):
        given = call("move.ask", member=member, to=to)
        output.say(_("Code: {code} (good until {time})").format(code=given["code"], time=moment(given["expires"])))
        output.say(_("Read it to {to} by telephone. There: yui move in").format(to=to))
    _follow(member, key)


@command(app, "in", _("Take a member in, with the code that its association reads out."))
def take_in(
    source: Annotated[str, typer.Argument(metavar="PEER", help=_("The association where the member is now."))],
    code: Annotated[str, typer.Argument(metavar="CODE", help=_("The code, as it was read out."))],
) -> None:
    """Say the code to the old home; the node goes on by itself."""
    found = call("move.come", source=source, code=code)
    output.facts(
        found,
        [
            (_("Member"), found["name"]),
            (_("From"), found["source_name"]),
            (_("State"), _state(found)),
            *([(_("No agreement with"), ", ".join(found["lacking"]))] if found["lacking"] else []),
        ],
    )


@command(app, "list", _("Members that move, away and to this node, and how far each has come."))
def list_moves() -> None:
    """List moves in both directions."""
    found = call("move.list")
    rows = [
        (row["name"], f"→ {row['target_name']}", _state(row), _progress(row), row["note"], moment(row["updated"]))
        for row in found["leaving"]
    ]
    rows += [
        (row["name"], f"← {row['source_name']}", _state(row), _progress(row), row["note"], moment(row["updated"]))
        for row in found["coming"]
    ]
    columns = [_("Member"), _("Where"), _("State"), _("Copied"), "", _("Since")]
    output.table(found, columns, rows, empty=_("nobody moves"))


@command(app, "cancel", _("Cancel a move: until the words have signed, everything stays as it was."))
def cancel(member: MEMBER) -> None:
    """Cancel at either side."""
    found = call("move.cancel", member=member)
    output.facts(found, [(_("Cancelled"), member)])


def _words(found: dict[str, Any]) -> SigningKey:
    from protocol.errors import YuiError
    from protocol.identity import words

    asked = _("The member's 24 words")
    typed = str(typer.prompt(asked, err=True)) if sys.stdin.isatty() else sys.stdin.read()
    try:
        key = words.key_of(words.entropy_of(typed))
    except YuiError as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    if key.public.hex() not in found["words"]:
        raise Failure(Exit.REFUSED, _("these are not the words of this member: nothing was begun"))
    return key


def _follow(member: str, key: SigningKey) -> None:
    """Sign what is asked for, until the member has moved or the move is over."""
    end = time.monotonic() + WAIT_S
    told = ""
    while time.monotonic() < end:
        found = call("move.look", member=member)
        move = found["move"]
        if found["wanted"]:
            call("move.sign", member=member, **_signed(found, key))
            continue
        text = f"{_state(move)} {_progress(move)}".strip()
        if text != told:
            output.say(text)
            told = text
        if move["state"] in ("forwarding", "forgotten"):
            output.facts(found, [(_("Member"), move["name"]), (_("At home at"), move["target_name"])])
            return
        if move["state"] == "cancelled":
            raise Failure(Exit.REFUSED, _("the move was cancelled: the member stays. {why}").format(why=move["note"]))
        time.sleep(LOOK_S)
    raise Failure(Exit.UNREACHABLE, _("not finished yet: run this again, it goes on where it was"))


def _signed(found: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    """Sign the record, if it is what was asked for: this member, moved to the node that was named, and nothing else."""
    from protocol.identity import control
    from protocol.identity.control import Epoch, Reason
    from protocol.identity.genesis import Rank, Role
    from protocol.keys import Purpose

    record = control.parse(bytes.fromhex(found["wanted"])).record
    payload = record.payload
    asked = record.member.hex() == found["member"] and record.network == found["network"]
    moves = isinstance(payload, Epoch) and payload.reason is Reason.MOVE and record.rank is Rank.WORDS
    if not (asked and moves and isinstance(payload, Epoch) and payload.home.hex() == found["move"]["target"]):
        raise Failure(Exit.REFUSED, _("the node handed out another record than was asked for: nothing was signed"))
    signature = key.sign(Purpose.CONTROL, record.hash)
    return {"record": record.hash.hex(), "proofs": [[Role.WORDS.value, key.public.hex(), signature.hex()]]}


def _progress(row: dict[str, Any]) -> str:
    if row["state"] not in ("copying", "ready") or not row["last"]:
        return ""
    return f"{min(row['place'], row['last'])}/{row['last']}"


def _state(row: dict[str, Any]) -> str:
    names = {
        "asked": _("waits for the code to be said there"),
        "copying": _("being copied"),
        "ready": _("everything is there: the member's words are wanted"),
        "switched": _("moved; the new home puts things in order"),
        "forwarding": _("moved; this node tells whoever still comes"),
        "open": _("at home here"),
        "settled": _("at home here"),
        "forgotten": _("moved; removed here"),
        "cancelling": _("being cancelled"),
        "cancelled": _("cancelled"),
    }
    return names.get(row["state"], str(row["state"]))
