"""`yui group …`: groups of firms over nodes: found, invite, join, leave, vote, say, share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.item import Member
from cli.output import moment, short
from node.i18n import _

app = family(_("Groups of firms over nodes: found, invite, join, leave, vote, say, share."))
Group = Annotated[str, typer.Argument(metavar="GROUP", help=_("Its name, or the first digits of its id."))]
Firm = Annotated[str, typer.Argument(metavar="FIRM", help=_("The firm it is about."))]
Text = Annotated[str, typer.Argument(metavar="TEXT", help=_("What is said."))]


@command(app, "found", _("Found a group; the founder is its first keeper."))
def found(name: Annotated[str, typer.Argument(help=_("Its name."))], member: Member = "") -> None:
    """Found."""
    _shown(call("group.found", name=name, member=member))


@command(app, "list", _("List a member's groups."))
def list_groups(member: Member = "") -> None:
    """List groups."""
    answer = call("group.list", member=member)
    rows = [(short(one["group"]), one["name"], _state(one), len(one["members"])) for one in answer]
    output.table(answer, [_("Id"), _("Name"), _("State"), _("Members")], rows, empty=_("no groups"))


@command(app, "show", _("Show a group: members, what was said and shared."))
def show(group: Group, member: Member = "") -> None:
    """Show."""
    _shown(call("group.show", group=group, member=member))


@command(app, "invite", _("Invite a firm (keepers)."))
def invite(group: Group, firm: Firm, member: Member = "") -> None:
    """Invite."""
    _act(group, "invite", member, subject=firm)


@command(app, "join", _("Join a group to which the member is invited."))
def join(group: Group, member: Member = "") -> None:
    """Join."""
    _act(group, "join", member)


@command(app, "leave", _("Leave; what was received stays, orders under way go on."))
def leave(group: Group, member: Member = "") -> None:
    """Leave."""
    _act(group, "leave", member)


@command(app, "keeper", _("Make a member a keeper; keepers do, or all once most have voted for it."))
def keeper(group: Group, firm: Firm, member: Member = "") -> None:
    """Name a keeper."""
    _act(group, "keeper", member, subject=firm)


@command(app, "vote", _("Vote: to exclude a firm, to make it a keeper, or to dissolve the group."))
def vote(
    group: Group,
    what: Annotated[str, typer.Argument(metavar="exclude|keeper|dissolve", help=_("What for."))],
    firm: Annotated[str, typer.Argument(metavar="FIRM", help=_("The firm it is about."))] = "",
    member: Member = "",
) -> None:
    """Vote."""
    _act(group, f"vote-{what}", member, subject=firm)


@command(app, "exclude", _("Exclude a firm, once more than half of the others have voted for it."))
def exclude(group: Group, firm: Firm, member: Member = "") -> None:
    """Exclude."""
    _act(group, "exclude", member, subject=firm)


@command(app, "dissolve", _("Dissolve the group, once more than half have voted for it."))
def dissolve(group: Group, member: Member = "") -> None:
    """Dissolve."""
    _act(group, "dissolve", member)


@command(app, "say", _("Say something to all; --announce as a keeper's announcement."))
def say(
    group: Group,
    text: Text,
    announce: Annotated[bool, typer.Option("--announce", help=_("An announcement (keepers)."))] = False,
    member: Member = "",
) -> None:
    """Say."""
    _act(group, "announcement" if announce else "message", member, text=text)


@command(app, "share", _("Share a version of one's own drawing or specification with all members."))
def share(
    group: Group,
    version: Annotated[str, typer.Argument(metavar="VERSION", help=_("Its hash, as `yui drawing show` has it."))],
    text: Text,
    member: Member = "",
) -> None:
    """Share."""
    _act(group, "document", member, target=version, text=text)


@command(app, "order", _("Point all members at a joint order."))
def order(
    group: Group,
    round: Annotated[str, typer.Argument(metavar="ROUND", help=_("Id of the round, whole."))],
    text: Text,
    member: Member = "",
) -> None:
    """Point at a joint order."""
    _act(group, "order", member, target=round, text=text)


def _act(group: str, kind: str, member: str, **given: str) -> None:
    _shown(call("group.act", group=group, kind=kind, member=member, **given))


def _state(one: dict[str, Any]) -> str:
    if one["dissolved"]:
        return _("dissolved")
    words = {"member": _("member"), "keeper": _("keeper"), "invited": _("invited"), "former": _("left")}
    return words[one["state"]]


def _shown(one: dict[str, Any]) -> None:
    facts: list[tuple[str, Any]] = [(_("Id"), one["group"]), (_("Name"), one["name"]), (_("State"), _state(one))]
    keepers = {each["member"] for each in one["keepers"]}
    facts += [
        (each["name"] or short(each["member"]), _("keeper") if each["member"] in keepers else _("member"))
        for each in one["members"]
    ]
    facts += [(each["name"] or short(each["member"]), _("invited")) for each in one["invited"]]
    facts += [(moment(each["time"]), f"{each['author_name']}: {each['kind']} {each['text']}") for each in one["facts"]]
    output.facts(one, facts)
