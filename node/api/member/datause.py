"""In which sums the figures of the token's member may be counted, and in which they were."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation, Written
from node.services import access, datause
from node.services.datause import Data, Reach
from node.services.policy import Scope
from node.services.transaction import Tx


class Choice(Shape, frozen=True):
    """Which figures in which sums. ``street`` goes with ``sales`` only."""

    data: Literal["sales", "dealings"]
    reach: Literal["street", "area", "federation"]


class DataUseGiven(Shape, frozen=True):
    """What is left out is not allowed. ``street``: in which the shop stands, empty if in none."""

    allowed: Annotated[list[Choice], Meta(max_length=16)]
    street: Annotated[str, Meta(max_length=datause.MAX_STREET_CHARS)] = ""


class UseShown(Answer, frozen=True):
    """A sum that was made while the member allowed it. ``day``: YYYY-MM-DD (UTC)."""

    day: str
    data: str
    reach: str
    asker: str
    what: str


class DataUseShown(Answer, frozen=True):
    """What is allowed now, and what was counted, the latest first."""

    allowed: list[Choice]
    street: str
    uses: list[UseShown]


def _shown(tx: Tx, member: bytes) -> DataUseShown:
    allowed = [Choice(data=data.value, reach=reach.value) for data, reach in sorted(datause.chosen(tx, member))]
    uses = [UseShown(**use._asdict()) for use in datause.uses_of(tx, member)]
    return DataUseShown(allowed=allowed, street=datause.street_of(tx, member), uses=uses)


async def show(call: Call) -> object:
    """GET /v1/data-use."""
    return await call.read(lambda tx: _shown(tx, call.member))


async def choose(call: Call) -> object:
    """PUT /v1/data-use."""
    given: DataUseGiven = call.body
    member, user = call.member, f"token:{call.principal.label}"

    def work(tx: Tx) -> Written:
        allowed = {(Data(one.data), Reach(one.reach)) for one in given.allowed}
        datause.set_street(tx, member, given.street)
        if datause.choose(call.context.house, tx, member, allowed, user):
            access.note(call.context.house, tx, "data-use-changed", member=member)
        return Written(_shown(tx, member), 200)

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/data-use", "read_data_use", "In which sums this member's figures count", show,
              Scope.READ, answer=DataUseShown),
    Operation("PUT", "/v1/data-use", "put_data_use", "Choose in which sums this member's figures count", choose,
              Scope.EXPORT, body=DataUseGiven, answer=DataUseShown, idempotent_key=True),
)  # fmt: skip
