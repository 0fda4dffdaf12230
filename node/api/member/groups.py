"""Groups over the API: found one, read it, take a step in it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from node.api.admin.groups import shown
from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation, Written
from node.services import addressing
from node.services.groups import acting
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.process.group.facts import Kind

Step = Literal[
    "invite", "join", "leave", "keeper", "vote-exclude", "vote-keeper", "vote-dissolve", "exclude", "dissolve",
    "message", "announcement", "document", "order",
]  # fmt: skip


class GroupGiven(Shape, frozen=True):
    """A new group."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]


class StepGiven(Shape, frozen=True):
    """``subject``: the firm it is about (id or corporate number). ``target``: version of a drawing, or round."""

    kind: Step
    subject: Annotated[str, Meta(max_length=200)] = ""
    target: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    text: Annotated[str, Meta(max_length=2000)] = ""


class GroupFirm(Answer, frozen=True):
    """A firm in a group."""

    member: str
    name: str


class GroupFact(Answer, frozen=True):
    """What somebody did or said."""

    fact: str
    kind: str
    author: str
    author_name: str
    subject: str
    subject_name: str
    target: str
    text: str
    time: int


class GroupShown(Answer, frozen=True):
    """``state``: of this member: member, keeper, invited, former."""

    group: str
    name: str
    state: str
    dissolved: bool
    members: list[GroupFirm]
    keepers: list[GroupFirm]
    invited: list[GroupFirm]
    facts: list[GroupFact]


class GroupsShown(Answer, frozen=True):
    """Every group of the member."""

    groups: list[GroupShown]


async def listed(call: Call) -> object:
    """GET /v1/groups."""
    member = call.member
    return {"groups": await call.read(lambda tx: [shown(tx, one) for one in acting.listed(tx, member)])}


async def begin(call: Call) -> object:
    """POST /v1/groups."""
    given: GroupGiven = call.body
    member, house = call.member, call.context.house

    def work(tx: Tx) -> Written:
        group = acting.found(house, tx, member, given.name)
        return Written(shown(tx, acting.require(tx, member, group)), 201)

    return await call.write(work)


async def show(call: Call) -> object:
    """GET /v1/groups/{group}."""
    member, group = call.member, call.path_hash("group")
    return await call.read(lambda tx: shown(tx, acting.require(tx, member, group)))


async def step(call: Call) -> object:
    """POST /v1/groups/{group}/facts."""
    given: StepGiven = call.body
    member, house, group = call.member, call.context.house, call.path_hash("group")

    def work(tx: Tx) -> Written:
        acting.require(tx, member, group)
        subject = addressing.resolve(tx, given.subject, "subject") if given.subject else b""
        target = bytes.fromhex(given.target)
        acting.act(house, tx, member, group, Kind(given.kind), subject=subject, target=target, text=given.text)
        return Written(shown(tx, acting.require(tx, member, group)), 201)

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/groups", "list_groups", "The groups of this member", listed, Scope.READ, answer=GroupsShown),
    Operation("POST", "/v1/groups", "found_group", "Found a group", begin, Scope.WRITE, body=GroupGiven,
              answer=GroupShown, status=201, idempotent_key=True),
    Operation("GET", "/v1/groups/{group}", "read_group", "One group: members, what was said and shared", show,
              Scope.READ, answer=GroupShown),
    Operation("POST", "/v1/groups/{group}/facts", "act_in_group", "Invite, join, leave, vote, say, share", step,
              Scope.WRITE, body=StepGiven, answer=GroupShown, status=201, idempotent_key=True),
)  # fmt: skip
