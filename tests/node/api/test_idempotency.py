"""Idempotency-Key: once, with the same answer; never half."""

import asyncio

from tests.node.api.town import BUYER, SELLER, Answer, Api


async def send(api: Api, number: str, key: str, who: str = BUYER) -> Answer:
    value = {"documents": [api.submission(number, SELLER if who == BUYER else BUYER)]}
    return await api.call(who, "POST", "/v1/documents", value, headers={"Idempotency-Key": key})


async def test_the_same_request_is_done_once(api: Api) -> None:
    first, again = await send(api, "PO-1", "k1"), await send(api, "PO-1", "k1")
    assert first.status == again.status == 201
    assert first.body == again.body
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len((await api.call(BUYER, "GET", "/v1/documents")).json["documents"]) == 1


async def test_another_request_with_the_key_is_refused(api: Api) -> None:
    await send(api, "PO-1", "k1")
    other = await send(api, "PO-2", "k1")
    assert other.status == 422
    assert other.json["code"] == "key-reused"
    assert other.json["field"] == "Idempotency-Key"


async def test_keys_belong_to_their_token(api: Api) -> None:
    assert (await send(api, "PO-1", "k1")).status == 201
    assert (await send(api, "PO-2", "k1", who=SELLER)).status == 201


async def test_a_refused_request_leaves_no_record(api: Api) -> None:
    bad = api.submission("PO-1")
    bad["body"]["lines"][0]["amount"] = 1
    headers = {"Idempotency-Key": "k1"}
    assert (await api.call(BUYER, "POST", "/v1/documents", {"documents": [bad]}, headers=headers)).status == 422
    assert (await send(api, "PO-1", "k1")).status == 201


async def test_a_request_in_flight_is_a_conflict(api: Api) -> None:
    from node.services.tokens import hash_of

    token = hash_of(api.tokens[BUYER])
    api.context.in_flight.add((token, "k1"))
    answer = await send(api, "PO-1", "k1")
    assert answer.status == 409
    assert answer.json["code"] == "in-flight"
    api.context.in_flight.clear()
    assert (await send(api, "PO-1", "k1")).status == 201
    await asyncio.sleep(0)
    assert not api.context.in_flight


async def test_a_key_must_be_a_key(api: Api) -> None:
    for key in ("", "x" * 129, "ключ"):
        answer = await send(api, "PO-1", key)
        assert answer.status == 422, key
        assert answer.json["field"] == "Idempotency-Key"


async def test_old_records_are_forgotten(api: Api) -> None:
    from node.services.idempotency import KEEP_US

    first = await send(api, "PO-1", "k1")
    api.town.now += KEEP_US + 1
    second = await send(api, "PO-1", "k1")
    assert second.status == 201
    assert second.json["documents"][0]["id"] != first.json["documents"][0]["id"]
    assert second.json["documents"][0]["verdict"] == "held"  # the business key still stands in the way of a duplicate
