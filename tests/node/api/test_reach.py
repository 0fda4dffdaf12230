"""Enquiries, partners without a node, bank files and a person's choices over the API; foreign ids open nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from node.papers import zengin
from node.services import banking, terms, users
from node.services.drafting import Step
from node.services.terms import PartnerTerms
from node.services.trade import Submission
from protocol.process.trade.papers import BankAccount, Price, Quotation, RequestForQuotation, Scaled
from tests.node.api.test_books import october
from tests.node.api.town import BUYER, SELLER, STRANGER, Api, plain
from tests.node.services.october import order


def request() -> dict[str, Any]:
    one = order("-")
    line = replace(one.lines[0], price=None, amount=None)
    paper = RequestForQuotation(
        number="-", issue_date="2026-10-05", currency="JPY", buyer=one.buyer, seller=one.seller, lines=(line,),
        reply_by="2026-12-31",
    )  # fmt: skip
    return dict(plain(paper))


async def quote(api: Api, who: str, thread: str, price: int) -> None:
    def work() -> None:
        member, place = api.members[who], bytes.fromhex(thread)
        draft = api.town.do(lambda tx: step_draft(tx, member, place))
        line = replace(draft.lines[0], price=Price(value=Scaled(price)), amount=price * 20)
        paper = replace(draft, lines=(line,), taxes=(), totals=None)
        api.town.submit(member, Submission(api.members[BUYER], paper, thread=place))

    await asyncio.to_thread(work)


def step_draft(tx: Any, member: bytes, thread: bytes) -> Quotation:
    from node.services.desk import dealing

    paper = dealing.write_draft(tx, member, thread, Step.QUOTE, "2026-10-06")
    assert isinstance(paper, Quotation)
    return paper


async def test_an_enquiry_from_the_request_to_the_order(api: Api) -> None:
    partners = [api.members[SELLER].hex(), api.members[STRANGER].hex()]
    few = await api.call(BUYER, "POST", "/v1/enquiries", {"partners": partners[:1], "request": request()})
    assert few.status == 422
    begun = await api.call(BUYER, "POST", "/v1/enquiries", {"partners": partners, "request": request()})
    assert begun.status == 201, begun.body
    path, threads = f"/v1/enquiries/{begun.json['id']}", [one["thread"] for one in begun.json["documents"]]
    await quote(api, SELLER, threads[0], 1_150)
    await quote(api, STRANGER, threads[1], 1_100)
    found = (await api.call(BUYER, "GET", path)).json
    assert {one["partner"] for one in found["suppliers"]} == set(partners)
    (line,) = found["lines"]
    assert [one["thread"] for one in line["answers"] if one["cheapest"]] == [threads[1]]
    (listed,) = (await api.call(BUYER, "GET", "/v1/enquiries")).json["enquiries"]
    assert (listed["asked"], listed["answered"]) == (2, 2)
    assert (await api.call(BUYER, "POST", f"{path}/reminder", {"text": "?"})).status == 422
    wanted = {"thread": threads[1], "lines": [{"line_id": "1", "quantity": {"value": 5}}]}
    wrong = {**wanted, "lines": [{"line_id": "9", "quantity": {"value": 5}}]}
    assert (await api.call(BUYER, "POST", f"{path}/orders", {"orders": [wrong]})).status == 422
    ordered = await api.call(BUYER, "POST", f"{path}/orders", {"orders": [wanted]})
    assert ordered.status == 201, ordered.body
    document = (await api.call(STRANGER, "GET", f"/v1/documents/{ordered.json['documents'][0]['id']}")).json
    assert "order" in str(document)
    told = await api.call(BUYER, "POST", f"{path}/declining", {"text": "次の機会に", "threads": [threads[0]]})
    assert told.status == 201
    for method, way, value in (
        ("GET", "", None),
        ("POST", "/orders", {"orders": [wanted]}),
        ("POST", "/declining", {"text": "?", "threads": [threads[0]]}),
    ):
        assert (await api.call(SELLER, method, path + way, value)).status == 404


async def test_a_partner_without_a_node_gets_a_link(api: Api) -> None:
    added = await api.call(BUYER, "POST", "/v1/guests", {"name": "野菜の直売所", "fax": "0565-00-0000"})
    assert added.status == 201, added.body
    guest = added.json["id"]
    bad = await api.call(BUYER, "PUT", f"/v1/guests/{guest}", {"name": "直売所", "registration_number": "T1"})
    assert (bad.status, bad.json["field"]) == (422, "registration_number")
    changed = await api.call(BUYER, "PUT", f"/v1/guests/{guest}", {"name": "直売所"})
    assert (changed.json["name"], changed.json["fax"]) == ("直売所", "")
    assert (await api.call(SELLER, "PUT", f"/v1/guests/{guest}", {"name": "盗む"})).status == 404
    assert (await api.call(SELLER, "GET", "/v1/guests")).json["guests"] == []
    body = {"type": "order", "to": guest, "body": plain(order("PO-9"))}
    sent = await api.call(BUYER, "POST", "/v1/documents", {"documents": [body]})
    thread = sent.json["documents"][0]["id"]
    link = await api.call(BUYER, "POST", f"/v1/threads/{thread}/guest-link")
    assert link.status == 201, link.body
    assert "/g/" in link.json["address"]
    assert (await api.call(SELLER, "POST", f"/v1/threads/{thread}/guest-link")).status == 404
    ended = await api.call(BUYER, "DELETE", f"/v1/threads/{thread}/guest-link")
    assert (ended.status, ended.json) == (200, {"thread": thread})
    links = api.town.see(lambda tx: tx.guests.links_in(bytes.fromhex(thread)))
    assert all(one.revoked is not None for one in links)
    assert links


ACCOUNT = BankAccount(bank="9999", branch="001", kind="1", number="1234567", holder="ﾊﾅｻｶﾄﾞｳ")
OWN = banking.OwnAccount(code="1234567890", kana="ｷﾝﾀﾛｳ", account=replace(ACCOUNT, holder="ｷﾝﾀﾛｳ"))


async def test_a_bank_file_is_looked_over_made_taken_and_settled(api: Api) -> None:
    thread = await october(api)
    (bill,) = (await api.call(BUYER, "GET", "/v1/bills?side=payable")).json["bills"]
    named = {"thread": thread, "kind": "invoice", "number": bill["bill"]["number"]}
    given = {"bills": [named], "day": "2026-11-30"}
    first = await api.call(BUYER, "POST", "/v1/transfers/preview", given)
    assert first.status == 200, first.body
    assert first.json["problems"]
    assert (await api.call(BUYER, "POST", "/v1/transfers", given)).status == 422
    house, buyer, seller = api.town.house, api.members[BUYER], api.members[SELLER]
    api.town.do(lambda tx: banking.put(house, tx, buyer, "owner", OWN))
    api.town.do(lambda tx: terms.put(house, tx, buyer, seller, PartnerTerms(account=ACCOUNT)))
    clean = (await api.call(BUYER, "POST", "/v1/transfers/preview", given)).json
    assert (clean["payments"], clean["total"], clean["problems"]) == (1, 25_300, [])
    made = await api.call(BUYER, "POST", "/v1/transfers", given)
    assert made.status == 201, made.body
    identity = made.json["id"]
    data = (await api.call(BUYER, "GET", f"/v1/transfers/file?id={identity}")).body
    assert zengin.parse(data).total == 25_300
    assert (await api.call(SELLER, "GET", f"/v1/transfers/file?id={identity}")).status == 404
    assert (await api.call(SELLER, "POST", "/v1/transfers/withdrawal", {"id": identity})).status == 404
    assert (await api.call(BUYER, "POST", "/v1/transfers", given)).status in (409, 422)
    paid = await api.call(BUYER, "POST", "/v1/transfers/paid", {"id": identity, "day": "2026-11-30"})
    assert paid.status == 201, paid.body
    assert [one["amount"] for one in paid.json["payments"]] == [25_300]
    (listed,) = (await api.call(BUYER, "GET", "/v1/transfers")).json["transfers"]
    assert listed["state"] == "paid"
    assert len((await api.call(SELLER, "GET", "/v1/payment-notices")).json["notices"]) == 1


async def test_a_login_chooses_its_notices_and_a_token_of_the_firm_has_none(api: Api) -> None:
    hashed = users.password_hash("a password for this")
    api.town.do(lambda tx: users.add(api.town.house, tx, api.members[BUYER], "clerk-1", "clerk", hashed))
    token = api.token(BUYER, user="clerk-1")
    before = (await api.call("", "GET", "/v1/notices/choices", token=token)).json["notices"]
    assert before["orders"] == ["mail"]
    given = {"notices": {"late": ["mail", "push"]}}
    after = await api.call("", "PUT", "/v1/notices/choices", given, token=token)
    assert after.status == 200, after.body
    assert (after.json["notices"]["late"], after.json["notices"]["orders"]) == (["mail", "push"], [])
    wrong = await api.call("", "PUT", "/v1/notices/choices", {"notices": {"gossip": ["mail"]}}, token=token)
    assert wrong.status == 422
    assert (await api.call(BUYER, "GET", "/v1/notices/choices")).status == 404
