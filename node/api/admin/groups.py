"""Admin commands: groups of members. Owns their plain shapes; what they mean is below."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, local_member
from node.api.context import Context
from node.services import addressing, reading
from node.services.groups import acting
from node.services.groups.acting import Seen
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.group.facts import Kind

WORDS = {kind.value: kind for kind in Kind if kind is not Kind.FOUND}


class Found(Ask, frozen=True):
    """A new group."""

    name: str
    member: str = ""


class OfMember(Ask, frozen=True):
    """``member`` may be left out at a node with one."""

    member: str = ""


class One(Ask, frozen=True):
    """A group by its name or first digits."""

    group: str
    member: str = ""


class Act(Ask, frozen=True):
    """A step. ``subject``: the firm it is about; ``target``: a drawing's version or a joint round in hexadecimal."""

    group: str
    kind: str
    member: str = ""
    subject: str = ""
    target: str = ""
    text: str = ""


def _member(tx: Tx, text: str) -> bytes:
    members = [row.member for row in tx.members.all(local=True)]
    return members[0] if not text and len(members) == 1 else local_member(tx, text)


def _group(tx: Tx, member: bytes, text: str) -> bytes:
    found = [
        one.id
        for one in acting.listed(tx, member)
        if one.group.name == text or (len(text) >= 6 and one.id.hex().startswith(text.lower()))
    ]
    if len(found) != 1:
        raise NotFound("group", "no such group" if not found else "several are called so: give its id")
    return found[0]


def found(context: Context, ask: Found) -> dict[str, Any]:
    """Found a group."""

    def work(tx: Tx) -> dict[str, Any]:
        member = _member(tx, ask.member)
        group = acting.found(context.house, tx, member, ask.name)
        return shown(tx, acting.require(tx, member, group))

    return context.commit(work)


def listed(context: Context, ask: OfMember) -> list[dict[str, Any]]:
    """The groups of a member."""
    return context.store.read(lambda tx: [shown(tx, one) for one in acting.listed(tx, _member(tx, ask.member))])


def show(context: Context, ask: One) -> dict[str, Any]:
    """One group: members, what was said and shared."""

    def work(tx: Tx) -> dict[str, Any]:
        member = _member(tx, ask.member)
        return shown(tx, acting.require(tx, member, _group(tx, member, ask.group)))

    return context.store.read(work)


def act(context: Context, ask: Act) -> dict[str, Any]:
    """One step of a member in a group."""
    kind = WORDS.get(ask.kind)
    if kind is None:
        raise CallerFault("kind", f"one of {', '.join(WORDS)}")
    try:
        target = bytes.fromhex(ask.target)
    except ValueError:
        raise CallerFault("target", "64 hexadecimal digits") from None

    def work(tx: Tx) -> dict[str, Any]:
        member = _member(tx, ask.member)
        group = _group(tx, member, ask.group)
        subject = addressing.resolve_loosely(tx, ask.subject, "subject") if ask.subject else b""
        acting.act(context.house, tx, member, group, kind, subject=subject, target=target, text=ask.text)
        return shown(tx, acting.require(tx, member, group))

    return context.commit(work)


def shown(tx: Tx, seen: Seen) -> dict[str, Any]:
    """A group as plain values."""
    standing = seen.group.standing
    firms = standing.members | standing.invited | {one.fact.author for one in seen.facts}
    names = reading.names_of(tx, firms | {one.fact.subject for one in seen.facts if one.fact.subject})
    former = seen.state == "former"

    def people(those: frozenset[bytes]) -> list[dict[str, str]]:
        return [{"member": one.hex(), "name": names.get(one, "")} for one in sorted(those)]

    return {
        "group": seen.id.hex(),
        "name": seen.group.name,
        "state": seen.state,
        "dissolved": standing.dissolved,
        "members": [] if former else people(standing.members),
        "keepers": [] if former else people(standing.keepers),
        "invited": [] if former else people(standing.invited),
        "facts": [
            {
                "fact": one.hash.hex(),
                "kind": one.fact.kind.value,
                "author": one.fact.author.hex(),
                "author_name": names.get(one.fact.author, ""),
                "subject": one.fact.subject.hex(),
                "subject_name": names.get(one.fact.subject, ""),
                "target": one.fact.target.hex(),
                "text": one.fact.text,
                "time": one.fact.time,
            }
            for one in seen.facts
        ],
    }


COMMANDS = (
    Command("group.found", Found, found),
    Command("group.list", OfMember, listed, offline=True),
    Command("group.show", One, show, offline=True),
    Command("group.act", Act, act),
)
