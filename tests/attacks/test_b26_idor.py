"""Row 26: no operation shows or changes what belongs to another member, for no role.

The matrix is made from the operations' own table and the policy's: an operation that is added without a case fails
here. A foreign id is answered byte for byte like one that does not exist.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from node.api.member.app import OPERATIONS
from node.api.operation import Operation
from node.services import deeds, enquiries, guests, users
from node.services.groups import acting
from node.services.policy import MEMBER_ROLES, ROLES, Role
from protocol.process.drawing.records import May
from tests.node import drawing_town
from tests.node.api.test_joint import opened
from tests.node.api.town import BUYER, SELLER, STRANGER, Answer, Api, serving
from tests.node.services.october import order
from tests.node.services.offers import fair

UNKNOWN = "0" * 64
ROLES_OF_FIRMS = sorted(MEMBER_ROLES)
#: For an association that is not there: nobody else here may know of it.
OFFER = {
    "kind": "referral", "side": "offer", "title": "?", "details": {"specialities": ["?"]}, "scope": "named",
    "nodes": ["f" * 64],
}  # fmt: skip
GIVEN: dict[str, dict[str, Any]] = {
    "publish_offer": {"value": OFFER},
    "revise_offer": {"value": OFFER},
    "decide_held": {"value": {"decision": "refuse"}},
    "put_chunk": {"raw": b"x", "headers": {"Content-Type": "application/octet-stream"}},
    "send_documents": {"value": {"documents": []}},
    "send_ubl": {"raw": b"<Order/>", "headers": {"Content-Type": "application/xml"}},
    "begin_attachment": {"value": {"size": 1, "media_type": "text/plain"}},
    "send_sme": {"raw": b"<x/>", "headers": {"Content-Type": "application/xml"}},
    "put_items": {"value": {"items": [{"number": "1", "name": "1"}]}},
    "import_file": {"value": {"kind": "items", "name": "a.csv", "content": "cQ=="}},
    "put_prices": {"value": {"prices": {}}},
    "put_terms": {"value": {"terms": {}}},
    "offer_catalogue": {"value": {}},
    "ask_catalogue": {"value": {}},
    "withdraw_catalogue": {"value": {}},
    "put_catalogue_policy": {"value": {"policy": "never"}},
    "send_message": {"value": {"text": "?"}},
    "put_joint_pledge": {"value": {"wants": [{"item": "2900000401013", "wanted": 1}], "drop": "kyoto-08"}},
    "advise": {"value": {"type": "order", "body": {}}},
    "mark_paid": {"value": {"bills": [{"thread": UNKNOWN, "kind": "invoice", "number": "1"}], "day": "2026-10-05"}},
    "undo_payment": {"value": {"id": "0" * 32}},
    "confirm_payment_notice": {"value": {"document": UNKNOWN}},
    "begin_enquiry": {"value": {"partners": ["x", "y"], "request": {}}},
    "order_from_enquiry": {
        "value": {"orders": [{"thread": UNKNOWN, "lines": [{"line_id": "1", "quantity": {"value": 1}}]}]}
    },
    "remind_suppliers": {"value": {"text": "?"}},
    "decline_suppliers": {"value": {"text": "?", "threads": [UNKNOWN]}},
    "add_guest": {"value": {"name": "?"}},
    "change_guest": {"value": {"name": "?"}},
    "preview_transfer": {"value": {"bills": [{"thread": UNKNOWN, "kind": "invoice", "number": "1"}], "day": ""}},
    "make_transfer": {"value": {"bills": [{"thread": UNKNOWN, "kind": "invoice", "number": "1"}], "day": ""}},
    "withdraw_transfer": {"value": {"id": "0" * 32}},
    "settle_transfer": {"value": {"id": "0" * 32, "day": ""}},
    "put_notice_choices": {"value": {"notices": {}}},
    "push_sales": {
        "value": {
            "store": "?",
            "lines": [{"day": "2026-10-05", "receipt": "1", "line": 1, "quantity": "1", "amount": 1, "item": "1"}],
        }
    },
    "found_group": {"value": {"name": "?"}},
    "act_in_group": {"value": {"kind": "message", "text": "?"}},
    "publish_drawing": {"value": {"attachment": UNKNOWN, "number": "1", "title": "?", "name": "a.pdf"}},
    "put_drawing_reader": {"value": {"may": "file"}},
    "put_data_use": {"value": {"allowed": []}},
    "put_sales_grant": {"value": {}},
    "put_store_area": {"value": {"area": "26"}},
    "propose_replenishment": {
        "value": {"lines": [{"number": "P-1", "quantity": {"value": 1}}], "valid_until": "2026-10-31"}
    },
    "answer_replenishment": {"value": {"answer": "declined"}},
    "answer_offer": {"value": {"terms": "?"}},
    "counter_deed": {"value": {"terms": "?"}},
    "agree_deed": {"value": {"terms": UNKNOWN}},
    "decline_deed": {"value": {"reason": "?"}},
    "report_deed": {"value": {"word": "cancelled"}},
    "put_joint_arrival": {"value": {"came": {"2900000401013": 1}}},
    "close_month": {"value": {"day": "2026-10-31", "threads": [UNKNOWN]}},
}
#: Paths that name what belongs to somebody; a partner's name is public, and what is asked of it is the caller's own.
# partners and joint orders are no secrets: whose terms and whose pledge are looked up is the token's member's
FOREIGN = [operation for operation in OPERATIONS if re.search(r"\{(?!partner|round)", operation.path)]
GUARDED = [operation for operation in OPERATIONS if operation.scope is not None]


class Matrix(Api):
    """A dealing between two firms, a held document, an upload and an attachment; users of every role."""

    ids: dict[str, str]
    roles: dict[tuple[str, Role], str]

    async def furnish(self) -> None:
        self.context.limits.refused_per_address = 10**9
        document = await self.send("PO-1")
        held = await self.call(BUYER, "POST", "/v1/documents", {"documents": [self.submission("PO-1")]})
        begun = await self.call(BUYER, "POST", "/v1/attachments", {"size": 1, "media_type": "text/plain"})
        done = await self.call(BUYER, "POST", "/v1/attachments", {"size": 1, "media_type": "text/plain"})
        path = f"/v1/attachments/uploads/{done.json['upload']}"
        await self.call(BUYER, "PUT", f"{path}/0", raw=b"x", headers={"Content-Type": "application/octet-stream"})
        root = (await self.call(BUYER, "POST", f"{path}/complete")).json["root"]
        offer = (await self.call(BUYER, "POST", "/v1/offers", OFFER)).json["offer"]
        self.ids = {
            "offer": offer,
            "series": offer,
            "document": document,
            "thread": document,
            "held": held.json["documents"][0]["id"],
            "upload": begun.json["upload"],
            "root": root,
            "chunk": "0",
            "round": opened(self).rpartition("/")[2],
            "partner": self.members[SELLER].hex(),
            **await asyncio.to_thread(self._reach),
            **await self._drawings(),
            "deed": await asyncio.to_thread(self._deed),
        }
        hashed = users.password_hash("a password for all")
        self.roles = {}
        for firm in (BUYER, STRANGER):
            for role in ROLES_OF_FIRMS:
                name = f"{role.value}-{self.members[firm].hex()[:8]}"
                member = self.members[firm]
                self.town.do(lambda tx, m=member, n=name, r=role: users.add(self.town.house, tx, m, n, r.value, hashed))
                self.roles[firm, role] = self.token(firm, user=name)

    def _deed(self) -> str:
        """Terms between the buyer and the seller: an answer to what the seller offers."""
        house, buyer, town = self.town.house, self.members[BUYER], self.town
        series = fair.publish(town, self.members[SELLER]).series
        made = town.do(lambda tx: deeds.answer(house, tx, buyer, series, deeds.Wish()))
        return str(made.submitted[0].thread.hex())

    async def _drawings(self) -> dict[str, str]:
        """A drawing of the buyer, and a version that it was given by the seller."""
        buyer, seller = self.members[BUYER], self.members[SELLER]
        own = await drawing_town.publish(self.context, buyer, b"x", "a.dxf")
        row = self.town.see(lambda tx: tx.drawings.get(own))
        assert row is not None
        given = await drawing_town.publish(self.context, seller, b"y", "b.dxf")
        await self.context.drawings.allow(seller, given, [(buyer, May.FILE)])
        house, town = self.town.house, self.town
        group = await asyncio.to_thread(town.do, lambda tx: acting.found(house, tx, buyer, "会"))
        return {"drawing": row.drawing.hex(), "version": given.hex(), "group": group.hex()}

    def _reach(self) -> dict[str, str]:
        """An enquiry to both other firms, and a partner without a node."""
        house, buyer, town = self.town.house, self.members[BUYER], self.town
        chosen = [self.members[SELLER], town.enrol("竹の店")]
        paper = replace(
            town.see(lambda tx: enquiries.template(house, tx, buyer, chosen, "2026-10-05")), lines=order("-").lines
        )
        enquiry, _ = town.do(lambda tx: enquiries.begin(house, tx, buyer, chosen, paper, "2026-10-05"))
        guest = town.do(lambda tx: guests.add(house, tx, buyer, "野菜の直売所", guests.Addresses()))
        return {"enquiry": enquiry.hex(), "guest": guest.hex()}

    def path_of(self, operation: Operation, **other: str) -> str:
        known = {**self.ids, **other}
        if operation.name == "decide_held" and "document" not in other:
            known["document"] = self.ids["held"]
        return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], operation.path)

    async def attempt(self, operation: Operation, token: str, path: str) -> Answer:
        return await self.call("", operation.method, path, token=token, **GIVEN.get(operation.name, {}))


@pytest.fixture
async def matrix(tmp_path: Path) -> AsyncIterator[Matrix]:
    async with serving(tmp_path) as api:
        api.__class__ = Matrix
        assert isinstance(api, Matrix)
        await api.furnish()
        yield api


def test_every_writing_operation_has_a_case() -> None:
    writing = {item.name for item in OPERATIONS if item.body is not None or item.media}
    assert writing == set(GIVEN)


async def test_the_owner_reaches_what_the_matrix_asks_for(matrix: Matrix) -> None:
    """Without this, 404 everywhere would prove nothing."""
    token = matrix.roles[BUYER, Role.OWNER]
    for operation in FOREIGN:
        if operation.name in ("decide_held", "complete_attachment", "read_ubl", "read_sme", "send_message"):
            continue
        if operation.name in ("erase_personal", "answer_replenishment"):
            continue  # the matrix's order names no person, and is no proposal
        if operation.name in ("order_from_enquiry", "decline_suppliers", "issue_guest_link", "revoke_guest_link"):
            continue  # they change what the others need; their own tests reach them
        if operation.name == "answer_offer" or (operation.name.endswith("_deed") and operation.method != "GET"):
            continue  # each has its turn; their own tests take them
        answer = await matrix.attempt(operation, token, matrix.path_of(operation))
        assert answer.status == operation.status, (operation.name, answer.body)


@pytest.mark.parametrize("role", ROLES_OF_FIRMS)
async def test_a_foreign_id_looks_like_one_that_does_not_exist(matrix: Matrix, role: Role) -> None:
    token = matrix.roles[STRANGER, role]
    for operation in FOREIGN:
        unknown = {
            "document": UNKNOWN,
            "thread": UNKNOWN,
            "upload": "0" * 32,
            "root": UNKNOWN,
            "guest": UNKNOWN,
            "enquiry": "0" * 32,
            "drawing": "0" * 32,
            "version": UNKNOWN,
            "group": UNKNOWN,
            "offer": UNKNOWN,
            "deed": UNKNOWN,
        }
        foreign = await matrix.attempt(operation, token, matrix.path_of(operation))
        missing = await matrix.attempt(operation, token, matrix.path_of(operation, **unknown))
        assert foreign.status in (403, 404), (operation.name, foreign.body)
        assert (foreign.status, foreign.body) == (missing.status, missing.body), operation.name
        assert _shape(foreign) == _shape(missing), operation.name


def _shape(answer: Answer) -> list[str]:
    return sorted(name for name in answer.headers if name != "Date")


@pytest.mark.parametrize("role", ROLES_OF_FIRMS)
async def test_a_role_may_do_what_the_policy_says_and_no_more(matrix: Matrix, role: Role) -> None:
    token = matrix.roles[BUYER, role]
    for operation in GUARDED:
        answer = await matrix.attempt(operation, token, matrix.path_of(operation, document=UNKNOWN, upload="0" * 32))
        allowed = operation.scope in ROLES[role]
        assert (answer.status != 403) == allowed, (operation.name, role, answer.body)


async def test_without_a_token_nothing_but_what_is_public(matrix: Matrix) -> None:
    for operation in OPERATIONS:
        answer = await matrix.call("", operation.method, matrix.path_of(operation), **GIVEN.get(operation.name, {}))
        assert (answer.status == 401) == (operation.scope is not None), operation.name


async def test_lists_hold_own_things_only(matrix: Matrix) -> None:
    token = matrix.roles[STRANGER, Role.OWNER]
    for path, key in (
        ("/v1/documents", "documents"),
        (f"/v1/documents?partner={matrix.members[SELLER].hex()}", "documents"),
        ("/v1/threads", "threads"),
        ("/v1/feed", "documents"),
        ("/v1/held", "held"),
    ):
        answer = await matrix.call("", "GET", path, token=token)
        assert (answer.status, answer.json[key]) == (200, []), path


async def test_a_foreign_attachment_cannot_be_used_in_an_own_document(matrix: Matrix) -> None:
    item = matrix.submission("PO-9", attachments=[{"root": matrix.ids["root"]}])
    foreign = await matrix.call(STRANGER, "POST", "/v1/documents", {"documents": [item]})
    item["attachments"] = [{"root": UNKNOWN}]
    unknown = await matrix.call(STRANGER, "POST", "/v1/documents", {"documents": [item]})
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert foreign.status == 422


async def test_a_foreign_thread_cannot_be_gone_on_with(matrix: Matrix) -> None:
    item = matrix.submission("PO-9", thread=matrix.ids["thread"])
    foreign = await matrix.call(STRANGER, "POST", "/v1/documents", {"documents": [item]})
    item["thread"] = UNKNOWN
    unknown = await matrix.call(STRANGER, "POST", "/v1/documents", {"documents": [item]})
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert foreign.status == 404
    item["follows"] = [matrix.ids["document"]]
    item["thread"] = matrix.ids["thread"]
    followed = await matrix.call(STRANGER, "POST", "/v1/documents", {"documents": [item]})
    item["follows"], item["thread"] = [UNKNOWN], UNKNOWN
    unknown = await matrix.call(STRANGER, "POST", "/v1/documents", {"documents": [item]})
    assert followed.status == 422
    assert (followed.status, followed.body) == (unknown.status, unknown.body)
