"""A register pushes its sales: good lines kept once, each bad one named, one token for nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from node import selling
from tests.node.api.town import BUYER, SELLER, Api

JAN = "2900000101012"


def line(number: int, **more: Any) -> dict[str, Any]:
    found = {"day": "2025-10-01", "receipt": "R1", "line": number, "jan": JAN, "quantity": "2", "amount": 460}
    return {**found, **more}


async def push(api: Api, lines: list[dict[str, Any]], *, key: str = "", who: str = SELLER, **more: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return await api.call(who, "POST", "/v1/sales", {"store": "本店", "lines": lines, **more}, headers=headers)


async def stored(api: Api) -> list[list[Any]]:
    question = "SELECT member, item, quantity, amount, void FROM sales ORDER BY receipt, line"
    return await asyncio.to_thread(selling.ask, api.context.store, api.context.warehouse, question, {})


@pytest.fixture
def seller(api: Api) -> str:
    return api.members[SELLER].hex()


async def test_good_lines_are_kept_once_and_bad_ones_named(api: Api, seller: str) -> None:
    bad = [line(2, jan="2900000101013"), line(3, quantity="89638"), line(4, day="2025-13-01"), line(5, jan="")]
    done = await push(api, [line(1), *bad, line(6, jan="", item="8", quantity="-1", amount=-100, void=True)])
    assert done.status == 200, done.json
    assert {name: done.json[name] for name in ("new", "changed", "same", "bad", "batch")} == {
        "new": 2, "changed": 0, "same": 0, "bad": 4, "batch": 1,
    }  # fmt: skip
    assert [(one["line"], one["field"], one["code"]) for one in done.json["problems"]] == [
        (1, "jan", "sales-line"), (2, "quantity", "sales-line"), (3, "day", "sales-line"), (4, "item", "sales-line"),
    ]  # fmt: skip
    assert done.json["problems"][1]["detail"].endswith("(89638)")
    assert await stored(api) == [[seller, JAN, 2000, 460, False], [seller, "#8", -1000, -100, True]]
    again = await push(api, [line(1)], lang="ja")
    assert (again.json["same"], again.json["new"], again.json["batch"], again.json["digest"]) == (1, 0, 0, "")
    differs = await push(api, [line(1, amount=500)], lang="ja")
    assert (differs.json["bad"], differs.json["problems"][0]["field"]) == (1, "receipt")
    corrected = await push(api, [line(1, amount=500)], correct=True)
    assert (corrected.json["changed"], corrected.json["batch"]) == (1, 2)
    assert (await stored(api))[0][3] == 500


async def test_a_key_gives_the_same_answer_and_guards_its_request(api: Api) -> None:
    first = await push(api, [line(1)], key="k1")
    again = await push(api, [line(1)], key="k1")
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await push(api, [line(2)], key="k1")
    assert (other.status, other.json["code"]) == (422, "key-reused")
    nothing = await push(api, [line(1)], key="k2")  # nothing is stored, the answer is kept all the same
    assert (await push(api, [line(1)], key="k2")).json == nothing.json
    assert len(await stored(api)) == 1


async def test_two_members_and_a_token_for_nothing_else(api: Api, seller: str) -> None:
    await push(api, [line(1)])
    await push(api, [line(1)], who=BUYER)
    assert {row[0] for row in await stored(api)} == {seller, api.members[BUYER].hex()}
    assert list((selling.waiting_folder(api.context.warehouse)).iterdir()) == []
    token = api.token(SELLER, "sales:write")
    call = {"store": "本店", "lines": [line(9)]}
    assert (await api.call("", "POST", "/v1/sales", call, token=token)).status == 200
    assert (await api.call("", "GET", "/v1/documents", token=token)).status == 403
    reading = api.token(SELLER, "documents:read")
    assert (await api.call("", "POST", "/v1/sales", call, token=reading)).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [line(0)]},
        {"lines": [line(1, amount=1.5)]},
        {"lines": [line(1, card="4111111111111111")]},
        {"lines": [line(1)], "store": ""},
        {"lines": [line(1)] * 5001},
    ],
)
async def test_what_is_no_list_of_lines_is_refused_whole(api: Api, wrong: dict[str, Any]) -> None:
    answer = await api.call(SELLER, "POST", "/v1/sales", {"store": "本店", **wrong})
    assert answer.status == 422, answer.json
    assert await stored(api) == []


async def test_texts_stay_in_their_line(api: Api) -> None:
    done = await push(api, [line(1, name='二"行\n目,', receipt="R 1"), line(2, name="カード 4111 1111 1111 1111")])
    assert (done.json["new"], done.json["bad"]) == (2, 0)
    names = await asyncio.to_thread(
        selling.ask, api.context.store, api.context.warehouse, "SELECT name FROM sales ORDER BY line", {}
    )
    assert names == [['二"行 目,'], ["カード ****"]]
