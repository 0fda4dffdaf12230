"""Admin commands: members of this node and their cards."""

from __future__ import annotations

from typing import Any

import msgspec

from node.api.admin.command import Ask, Command, local_member
from node.api.context import Context
from node.services import addressing, directory, members
from node.services.directory import Profile
from node.services.guarding import enrolling, overview
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.identity import card


class AddMember(Ask, frozen=True):
    """A new member and its card. ``listed`` False: no card is published. ``branch``: the firm is there already."""

    profile: Profile
    listed: bool = True
    branch: bool = False


class ListMembers(Ask, frozen=True):
    """``everywhere``: also members of other nodes that are known here."""

    everywhere: bool = False


class MemberNamed(Ask, frozen=True):
    """A member by id, first digits of it, or name."""

    member: str


class ChangeCard(Ask, frozen=True):
    """What is given replaces what the card says; the rest stays."""

    member: str
    changes: dict[str, Any]


class Drop(Ask, frozen=True):
    """Whether what a member receives is also written as files."""

    member: str
    on: bool


class LookUp(Ask, frozen=True):
    """A search in the directory."""

    text: str = ""
    corporate_number: str = ""
    industry: str = ""
    area: str = ""
    limit: int = 50


def add(context: Context, ask: AddMember) -> dict[str, Any]:
    """Enrol a member; the 24 words are in this answer and nowhere else."""

    def work(tx: Tx) -> dict[str, Any]:
        number = ask.profile.corporate_number
        same = directory.find(tx, corporate_number=number) if number and not ask.branch else []
        if same:
            rule = f"{same[0].name} is in the directory with this number already (is this another branch of it?)"
            raise CallerFault("corporate_number", rule, code="member-exists")
        made = enrolling.enrol(context.house, tx, ask.profile.name)
        if ask.listed:
            directory.publish(context.house, tx, made.member, ask.profile)
        chosen = members.require_log(context.house, tx, made.member).standing.guardians
        named = [overview.name_of(tx, key) for key in chosen.keys] if chosen is not None else []
        return {**_shown(tx, made.member), "words": made.words, "guardians": named}

    return context.commit(work)


def list_members(context: Context, ask: ListMembers) -> list[dict[str, Any]]:
    """Members, oldest first."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        return [_row(row) for row in tx.members.all(local=None if ask.everywhere else True)]

    return context.store.read(work)


def show(context: Context, ask: MemberNamed) -> dict[str, Any]:
    """One member: card, epoch, dealings by state."""
    return context.store.read(lambda tx: _shown(tx, addressing.resolve_loosely(tx, ask.member, "member")))


def suspend(context: Context, ask: MemberNamed) -> dict[str, Any]:
    """Stop a member: its documents are refused in both directions, nothing is deleted."""
    return _suspend(context, ask, True)


def resume(context: Context, ask: MemberNamed) -> dict[str, Any]:
    """Let a suspended member go on."""
    return _suspend(context, ask, False)


def _suspend(context: Context, ask: MemberNamed, suspended: bool) -> dict[str, Any]:
    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        members.suspend(tx, member, suspended)
        return _shown(tx, member)

    return context.commit(work)


def change_card(context: Context, ask: ChangeCard) -> dict[str, Any]:
    """Publish a new version of a member's card."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        row, stored = tx.members.get(member), tx.cards.get(member)
        before: dict[str, Any] = {"name": row.name if row else ""}
        if stored is not None:
            known = card.parse(stored.wire)._asdict()
            before = {name: known[name] for name in Profile.__struct_fields__}
        directory.publish(context.house, tx, member, msgspec.convert({**before, **ask.changes}, Profile))
        return _shown(tx, member)

    return context.commit(work)


def drop(context: Context, ask: Drop) -> dict[str, Any]:
    """Switch a member's drop folder on (from now on) or off; what is in it stays."""
    member = context.store.read(lambda tx: local_member(tx, ask.member))
    folder = context.folder / "out" / member.hex()
    if ask.on:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    elif folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.off-{context.house.clock()}"))
        context.commit(lambda tx: tx.meta.delete(f"drop/{member.hex()}"))
    return {"member": member.hex(), "folder": str(folder), "on": ask.on}


def look_up(context: Context, ask: LookUp) -> list[dict[str, Any]]:
    """Members of this node and its peers, by their cards."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        rows = tx.cards.find(
            ask.text, corporate_number=ask.corporate_number, industry=ask.industry, area=ask.area, limit=ask.limit
        )
        return [{**_card(row.wire), "node": row.node.hex()} for row in rows]

    return context.store.read(work)


def _row(row: Any) -> dict[str, Any]:
    return {
        "member": row.member.hex(),
        "name": row.name,
        "local": bool(row.local),
        "home": row.home.hex() if row.home else "",
        "epoch": row.epoch_number,
        "suspended": bool(row.suspended),
        "created": row.created,
    }


def _card(wire: bytes) -> dict[str, Any]:
    found = card.parse(wire)
    shown: dict[str, Any] = {name: getattr(found, name) for name in Profile.__struct_fields__}
    return {"member": found.member.hex(), "version": found.version, **shown}


def _shown(tx: Tx, member: bytes) -> dict[str, Any]:
    row, stored = tx.members.get(member), tx.cards.get(member)
    found: dict[str, Any] = {"member": member.hex()} if row is None else _row(row)
    found["card"] = None if stored is None else _card(stored.wire)
    found["dealings"] = tx.threads.count_by_state(member)
    return found


COMMANDS = (
    Command("member.add", AddMember, add, offline=True),
    Command("member.list", ListMembers, list_members, offline=True),
    Command("member.show", MemberNamed, show, offline=True),
    Command("member.suspend", MemberNamed, suspend, offline=True),
    Command("member.resume", MemberNamed, resume, offline=True),
    Command("member.card", ChangeCard, change_card),
    Command("member.drop", Drop, drop, offline=True),
    Command("directory.search", LookUp, look_up, offline=True),
)
