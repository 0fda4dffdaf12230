"""What a person wants to be told of, by which way: the choices of the login whose token it is."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation, Written
from node.services import users
from node.services.notices import choosing
from node.services.notices.kinds import WAYS
from node.services.policy import Scope
from node.services.transaction import Tx

Way = Literal["mail", "push"]


class ChoicesGiven(Shape, frozen=True):
    """Kind of notice → ways; a kind that is left out: not at all."""

    notices: dict[Annotated[str, Meta(max_length=32)], Annotated[list[Way], Meta(max_length=len(WAYS))]]


class ChoicesShown(Answer, frozen=True):
    """Every kind of notice with the ways that were chosen."""

    notices: dict[str, list[str]]


def _shown(found: choosing.Choices) -> ChoicesShown:
    return ChoicesShown(notices={kind: sorted(ways) for kind, ways in found.items()})


async def show(call: Call) -> object:
    """GET /v1/notices/choices."""
    return _shown(await call.read(lambda tx: choosing.choices_of(tx, users.of_token(tx, call.principal.user))))


async def choose(call: Call) -> object:
    """PUT /v1/notices/choices."""
    given: ChoicesGiven = call.body

    def work(tx: Tx) -> Written:
        user = users.of_token(tx, call.principal.user)
        choosing.choose(tx, user, given.notices)
        return Written(_shown(choosing.choices_of(tx, user)), 200)

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/notices/choices", "read_notice_choices", "What the login of this token is told of", show,
              Scope.READ, answer=ChoicesShown),
    Operation("PUT", "/v1/notices/choices", "put_notice_choices", "Choose what this login is told of", choose,
              Scope.WRITE, body=ChoicesGiven, answer=ChoicesShown, idempotent_key=True),
)  # fmt: skip
