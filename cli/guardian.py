"""`yui guardian …`: who keeps copies of members elsewhere, and for whom this node does. Words are used here only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import key, output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment, short, size, yes_no
from node.i18n import N_, _

if TYPE_CHECKING:
    from protocol.identity.control import Record

app = family(_("Guardians: encrypted copies of members at other associations."))
Peer = Annotated[str, typer.Argument(metavar="PEER", help=_("Name, or first digits of the id."))]
PARTS = {"home": N_("keeps copies for us"), "guardian": N_("we keep copies for it")}
STATES = {
    "asked": N_("waits for us: yui guardian agree"),
    "proposed": N_("waits for the other side"),
    "in-force": N_("in force"),
    "ended": N_("ended"),
}
LIGHTS = {"green": N_("good"), "yellow": N_("weak"), "red": N_("in danger"), "grey": N_("no guardians")}


def _part(found: dict[str, Any]) -> str:
    text = PARTS[found["part"]]
    return _(text)


def _state(found: dict[str, Any]) -> str:
    text = STATES[found["state"]]
    return _(text)


def _light(found: dict[str, Any]) -> str:
    text = LIGHTS[found["light"]]
    return _(text)


@command(app, "list", _("List agreements with other associations."))
def list_agreements() -> None:
    """List agreements."""
    found = call("guardian.list")
    rows = [
        (
            row["name"] or short(row["node"]),
            _part(row),
            _state(row),
            row["entity"],
            " ".join(row["places"]),
            row["wards"],
            size(row["ward_bytes"]),
            row["erase_days"],
        )
        for row in found
    ]
    columns = [_("Node"), _("Part"), _("State"), _("Operator"), _("Stored in"), _("Members"), _("Each"), _("Erased in")]
    output.table(found, columns, rows, empty=_("no agreements yet: `yui guardian agree PEER --entity NUMBER`"))


@command(app, "propose", _("Propose guardians out of the agreements in force, spread over areas and operators."))
def propose(
    n: Annotated[int, typer.Option("--number", min=1, max=7, help=_("How many guardians are wanted."))] = 4,
) -> None:
    """Propose guardians."""
    found = call("guardian.propose", n=n)
    rows = [(row["name"], short(row["node"]), row["area"], row["entity"]) for row in found["guardians"]]
    output.table(
        found, [_("Name"), _("Id"), _("Area"), _("Operator")], rows, empty=_("no agreement is in force with anybody")
    )
    if found["guardians"]:
        _say_survives(len(found["guardians"]), found["needed"], found["lying"], found["silent"])


def _say_survives(n: int, k: int, lying: int, silent: int) -> None:
    output.say(
        _(
            "{n} guardians, {k} make a document safe: a return succeeds with {silent} of them silent, of which {lying} "
            "may even lie."
        ).format(n=n, k=k, lying=lying, silent=silent)
    )
    if not lying:
        output.warn(_("Fewer than 4 guardians do not survive one that lies or hands out old copies."))


@command(app, "agree", _("Make an agreement, or sign the one that the other side has proposed."))
def agree(
    peer: Peer,
    part: Annotated[
        str, typer.Option("--as", help=_("home: the other node keeps copies for us; guardian: we keep them for it."))
    ] = "",
    entity: Annotated[
        str, typer.Option(help=_("Registered number of the guardian's operator (法人番号); proposes new terms."))
    ] = "",
    place: Annotated[list[str] | None, typer.Option(help=_("Country of storage (may be repeated)."))] = None,
    subcontracting: Annotated[bool, typer.Option("--subcontracting", help=_("The guardian may subcontract."))] = False,
    erase_days: Annotated[int, typer.Option(min=1, max=3650, help=_("Days to erasure after the end."))] = 30,
    wards: Annotated[int, typer.Option(min=0, max=10_000, help=_("At most so many members (default: 10,000)."))] = 0,
    room: Annotated[int, typer.Option(min=0, help=_("GiB for each member (default: 4)."))] = 0,
) -> None:
    """Make or sign an agreement."""
    found = call(
        "guardian.agree",
        peer=peer,
        part=part,
        entity=entity,
        places=place or ["JP"],
        subcontracting=subcontracting,
        erase_days=erase_days,
        wards=wards,
        room=room,
    )
    _show(found)


@command(app, "end", _("End an agreement. The guardian erases what it keeps within the days agreed."))
def end(peer: Peer, part: Annotated[str, typer.Option("--as", help=_("home or guardian."))] = "home") -> None:
    """End an agreement."""
    _show(call("guardian.end", peer=peer, part=part))


def _show(found: dict[str, Any]) -> None:
    output.facts(
        found,
        [
            (_("Node"), found["name"] or short(found["node"])),
            (_("Part"), _part(found)),
            (_("State"), _state(found)),
            (_("Operator"), found["entity"]),
            (_("Stored in"), " ".join(found["places"])),
            (_("Subcontracting"), yes_no(found["subcontracting"])),
            (_("Audit"), yes_no(found["audit"])),
            (_("Erased in"), found["erase_days"]),
            (_("Members"), found["wards"]),
            (_("Each"), size(found["ward_bytes"])),
        ],
    )
    if found["told"]:
        output.warn(_("The other side has not been told yet, run this again: {why}").format(why=found["told"]))


@command(app, "set", _("Name a member's guardians; needs the member's 24 words."))
def choose(
    member: key.Member,
    guardians: Annotated[list[str], typer.Argument(metavar="PEER…", help=_("Names or ids of the guardians."))],
) -> None:
    """Name guardians."""
    from federation.guardians import budget, quorum

    answer = call("guardian.draft", member=member, guardians=guardians)
    expected = sorted(bytes.fromhex(text) for text in answer["keys"])
    output.say(_("Guardians: {names}").format(names=", ".join(answer["guardians"])))
    if len(expected) != len(guardians):
        raise Failure(Exit.REFUSED, _("the node handed out another record than was asked for: nothing was signed"))

    def is_asked(record: Record) -> bool:
        from protocol.identity.control import Guardians

        return isinstance(record.payload, Guardians) and list(record.payload.keys) == expected

    key.finish(answer, "words", None, is_asked)
    k, r, q = quorum(len(expected))
    _say_survives(len(expected), k, *budget(len(expected), k, r, q))


@command(app, "policy", _("Which of a member's documents leave only when they are safe, and which do not wait at all."))
def policy(
    member: key.Member,
    strict: Annotated[list[str] | None, typer.Option("--strict", metavar="KIND", help=_("Only when safe."))] = None,
    at_once: Annotated[list[str] | None, typer.Option("--at-once", metavar="KIND", help=_("Without waiting."))] = None,
    usual: Annotated[bool, typer.Option("--usual", help=_("All kinds wait up to five seconds."))] = False,
) -> None:
    """Show or set what documents wait for."""
    if usual and (strict or at_once):
        raise Failure(Exit.BAD_INPUT, _("either --usual, or kinds"))
    change = bool(strict or at_once or usual)
    found = call("guardian.policy", member=member, strict=strict or [], at_once=at_once or [], change=change)
    names = {"strict": _("only when safe"), "at-once": _("without waiting")}
    rows = [(kind, names[word]) for kind, word in sorted(found["policies"].items())]
    output.table(found, [_("Kind"), _("Leaves")], rows, empty=_("all kinds wait up to five seconds to be safe"))


@command(app, "status", _("How well every member is kept elsewhere, and how soon it could be back."))
def status() -> None:
    """Show how members are kept."""
    found = call("guardian.status")
    rows = [
        (
            row["name"],
            _light(row),
            f"{row['complete']}/{row['n']}",
            row["k"] or "–",
            row["missing"],
            size(row["size"]),
            _("about {seconds} s").format(seconds=row["back_s"]) if row["n"] else "–",
            "; ".join(f"{copy['name']}: {copy['finding']}" for copy in row["copies"] if copy["finding"]),
        )
        for row in found
    ]
    columns = [
        _("Member"), _("State"), _("Copies"), _("Needed"), _("Missing"), _("Size"), _("Back elsewhere in"), _("Found"),
    ]  # fmt: skip
    output.table(found, columns, rows, empty=_("no members yet: `yui member add NAME`"))
    _warn(found)


def _warn(found: list[dict[str, Any]]) -> None:
    waiting = [row for row in found if row["to_hear"]]
    if waiting:
        row = min(waiting, key=lambda row: int(row["heard"]))
        text = _(
            "Put back from a backup: {heard} of {needed} guardians were asked for what is newer. Enter nothing again."
        )
        output.warn(text.format(heard=row["heard"], needed=row["to_hear"]))
    for row in found:
        for line in row["told"]:
            output.warn(f"{row['name']}: {line}")
    bare = sum(row["light"] == "grey" for row in found)
    weak = sum(bool(row["n"]) and not row["lying"] for row in found)
    if bare:
        output.warn(_("{count} members have no guardians: they are lost with this node.").format(count=bare))
    if weak:
        output.warn(_("{count} members have fewer than 4 guardians: one that lies is not survived.").format(count=weak))


@command(app, "wards", _("List members of other associations that this node keeps."))
def wards() -> None:
    """List wards."""
    found = call("guardian.wards")
    rows = [
        (
            short(row["member"]),
            row["home_name"],
            row["frames"],
            size(row["size"]),
            moment(row["updated"]),
            row["mail"],
            _("somebody brings it back") if row["promised"] else "",
        )
        for row in found
    ]
    columns = [_("Member"), _("Home"), _("Frames"), _("Size"), _("Last"), _("Mail waiting"), ""]
    output.table(found, columns, rows, empty=_("this node keeps nobody yet"))


@command(app, "consent", _("Agree, after a call, that another node brings wards back (7 days)."))
def consent(
    claimant: Annotated[str, typer.Argument(metavar="PEER", help=_("The node that brings them back."))],
    ward: Annotated[str, typer.Option(help=_("First digits of one ward."))] = "",
    home: Annotated[str, typer.Option(help=_("Or all wards of this home."))] = "",
) -> None:
    """Agree to a return."""
    found = call("guardian.consent", claimant=claimant, ward=ward, home=home)
    output.facts(found, [(_("Node"), short(found["claimant"])), (_("Members"), found["wards"])])


@command(app, "audit", _("Ask every guardian now for random pieces of what it says that it keeps."))
def audit() -> None:
    """Audit guardians."""
    found = call("guardian.audit")
    output.facts(found, [(_("Answered"), found["asked"]), (_("Wrong"), found["wrong"])])
    if found["wrong"]:
        raise Failure(Exit.REFUSED, _("a guardian could not show what it keeps: `yui guardian status`"))
