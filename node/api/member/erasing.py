"""Erasing personal parts over the API."""

from __future__ import annotations

from node.api.member.shapes import Answer
from node.api.operation import Call, Operation, Written
from node.services.erasing import asking
from node.services.erasing.asking import Erasure
from node.services.house import House
from node.services.policy import Scope
from node.services.transaction import Tx


class ErasureShown(Answer, frozen=True):
    """A request. ``state``, ``partner_state``: erased, refused, asked or empty; ``rule``, ``until`` (µs) where refused.

    ``by_partner``: the partner asked; ``asked``, ``erased`` in µs UTC, 0 for never. ``copies`` at guardians: empty,
    waiting, laying, aside (until ``copies_until``) or forgotten.
    """

    document: str
    part: str
    state: str
    rule: str
    until: int
    by_partner: bool
    asked: int
    erased: int
    partner: str
    partner_state: str
    partner_rule: str
    partner_until: int
    copies: str
    copies_until: int


class ErasureList(Answer, frozen=True):
    """Every request, the latest first."""

    erasures: list[ErasureShown]


def shown(house: House, tx: Tx, row: Erasure) -> ErasureShown:
    """A row as the API shows it."""
    copies = asking.copies_of(house, tx, row)
    return ErasureShown(
        document=row.document.hex(),
        part=row.part,
        state=row.state,
        rule=row.rule,
        until=row.until,
        by_partner=not row.by,
        asked=row.asked,
        erased=row.erased,
        partner=row.partner.hex(),
        partner_state=row.partner_state,
        partner_rule=row.partner_rule,
        partner_until=row.partner_until,
        copies=copies.state,
        copies_until=copies.until,
    )


async def erase(call: Call) -> object:
    """POST /v1/documents/{document}/erasure."""
    document, member, house, by = call.path_hash("document"), call.member, call.context.house, call.principal.label

    def work(tx: Tx) -> Written:
        return Written(shown(house, tx, asking.ask(house, tx, member, document, by=f"token:{by}")), 200)

    return await call.write(work)


async def listed(call: Call) -> object:
    """GET /v1/erasures."""
    member, house = call.member, call.context.house
    return await call.read(
        lambda tx: ErasureList(erasures=[shown(house, tx, row) for row in asking.listed(tx, member)])
    )


OPERATIONS = (
    Operation(
        "POST",
        "/v1/documents/{document}/erasure",
        "erase_personal",
        "Erase the personal part of a document here and ask the partner to; refused while the law keeps the paper",
        erase,
        Scope.DECIDE,
        answer=ErasureShown,
        status=200,
        idempotent_key=True,
    ),
    Operation(
        "GET",
        "/v1/erasures",
        "list_erasures",
        "What was asked to be erased, and what became of it",
        listed,
        Scope.READ,
        answer=ErasureList,
    ),
)
