"""Documents that wait for a person, over the API."""

from __future__ import annotations

from node.api.member import shown
from node.api.member.shapes import DecisionGiven, DecisionTaken, HeldItem, HeldList
from node.api.operation import Call, Operation, Written
from node.services import held, reading
from node.services.policy import Scope
from node.services.transaction import Tx


async def waiting(call: Call) -> object:
    """GET /v1/held."""
    member = call.member

    def work(tx: Tx) -> HeldList:
        found = held.waiting(tx, member)
        views = reading.views(tx, member, [item.holding for item in found])
        return HeldList(
            held=[
                HeldItem(document=shown.item(view), first=item.first.hex())
                for item, view in zip(found, views, strict=True)
            ]
        )

    return await call.read(work)


async def decide(call: Call) -> object:
    """POST /v1/held/{document}/decision."""
    document, member, asked = call.path_hash("document"), call.member, call.body
    house, by = call.context.house, call.principal.label

    def work(tx: Tx) -> Written:
        news = held.decide(house, tx, member, document, asked.decision, by, asked.note)
        now = reading.require(tx, member, document)
        return Written(DecisionTaken(document=document.hex(), verdict=now.verdict), 200, news)

    return await call.write(work)


OPERATIONS = (
    Operation(
        "GET",
        "/v1/held",
        "list_held",
        "Documents that a person has to decide about",
        waiting,
        Scope.READ,
        answer=HeldList,
    ),
    Operation(
        "POST",
        "/v1/held/{document}/decision",
        "decide_held",
        "Let a held document take effect, or refuse it",
        decide,
        Scope.DECIDE,
        body=DecisionGiven,
        answer=DecisionTaken,
        idempotent_key=True,
    ),
)
