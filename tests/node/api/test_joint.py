"""Joint orders over the API: listed, read, pledged, replaced, taken back; what is wrong is named."""

from __future__ import annotations

from node.joint import Courier
from node.services.joint import rounds
from protocol.process.joint.terms import Conductor
from tests.node.api.town import BUYER, STRANGER, Api
from tests.protocol.process.joint import october
from tests.vectors import world

HOUR = 3_600_000_000


def opened(api: Api) -> str:
    """A round of this association with two deputies elsewhere; its path."""
    house, buyer = api.town.house, api.members[BUYER]
    conductors = (
        Conductor(house.node.public, buyer),
        *(Conductor(world.key(name).public, bytes([at]) * 32) for at, name in enumerate(("shikoku", "toyota"), 1)),
    )
    found = october.bags()._replace(
        network=house.network, conductors=conductors, supplier=b"", deadline=house.clock() + HOUR, extended=0,
        time=house.clock(),
    )  # fmt: skip
    name = api.town.do(lambda tx: rounds.announce(house, tx, found))
    return f"/v1/joint-orders/{name.hex()}"


async def test_a_pledge_from_first_to_last(api: Api) -> None:
    path = opened(api)
    (listed,) = (await api.call(BUYER, "GET", "/v1/joint-orders")).json["rounds"]
    assert (listed["state"], listed["pledge"], listed["slip"]) == ("open", None, None)
    assert [tier["price"] for tier in listed["items"][0]["tiers"]] == [4_800, 4_320, 3_960]
    bags = listed["items"][0]["code"]
    put = await api.call(
        BUYER, "PUT", f"{path}/pledge", {"wants": [{"item": bags, "wanted": 9, "least": 8}], "drop": "kyoto-08"}
    )
    assert put.status == 200, put.body
    said = put.json["pledge"]
    assert (said["wants"], said["safe"]) == ([{"item": bags, "wanted": 9, "least": 8, "most": 9}], False)
    assert said["alone"] == 9 * 4_800 + 3_600
    again = await api.call(
        BUYER, "PUT", f"{path}/pledge", {"wants": [{"item": bags, "wanted": 12}], "drop": "kyoto-08"}
    )
    assert again.json["pledge"]["wants"][0]["wanted"] == 12
    back = await api.call(BUYER, "DELETE", f"{path}/pledge")
    assert back.json["pledge"]["wants"] == []
    assert (await api.call(STRANGER, "GET", path)).json["pledge"] is None


async def test_the_meter_is_asked_for_behind_the_answer(api: Api) -> None:
    path = opened(api)
    house, store = api.town.house, api.town.store

    async def nobody(*_: object) -> bytes:
        raise AssertionError("this node conducts the round itself")

    courier = Courier(house, store, nobody)
    api.context.joint = courier
    try:
        assert (await api.call(BUYER, "GET", path)).json["firms"] is None
        for task in list(courier._tasks):
            await task
        assert (await api.call(BUYER, "GET", path)).json["firms"] == 0
    finally:
        await courier.stop()
        api.context.joint = None


async def test_what_is_wrong_is_named_and_nothing_is_kept(api: Api) -> None:
    path = opened(api)
    good = {"item": "2900000401013", "wanted": 9}
    for body, field in (
        ({"wants": [good], "drop": "nowhere"}, "drop"),
        ({"wants": [{**good, "item": "x"}], "drop": "kyoto-08"}, "wants[0].item"),
        ({"wants": [{**good, "least": 10}], "drop": "kyoto-08"}, "wants[0]"),
        ({"wants": [{**good, "most": 8}], "drop": "kyoto-08"}, "wants[0]"),
        ({"wants": [good, good], "drop": "kyoto-08"}, "wants"),
        ({"wants": [], "drop": "kyoto-08"}, "wants"),
        ({"wants": [{**good, "wanted": 0}], "drop": "kyoto-08"}, "wants"),
    ):
        answer = await api.call(BUYER, "PUT", f"{path}/pledge", body)
        assert answer.status in (400, 422), answer.body
        assert field in answer.body.decode(), (body, answer.body)
    assert (await api.call(BUYER, "GET", path)).json["pledge"] is None
    assert (await api.call(BUYER, "DELETE", f"{path}/pledge")).status == 404
    assert (await api.call(BUYER, "GET", "/v1/joint-orders/" + "00" * 32)).status == 404
