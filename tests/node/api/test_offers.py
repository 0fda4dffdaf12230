"""Offers over the API: published, found, fitting, said anew, withdrawn; what is refused names its field."""

from __future__ import annotations

from typing import Any

from tests.node.api.town import BUYER, SELLER, STRANGER, Api
from tests.protocol.offer import samples

DAYS = {"starts": "2025-10-19", "ends": "2025-10-23"}


def given(kind: str, side: str, **changes: Any) -> dict[str, Any]:
    details = {name: list(v) if isinstance(v, tuple) else v for name, v in samples.details(kind, side).items()}
    return {"kind": kind, "side": side, "title": f"{kind} 見本", "details": details, **DAYS, **changes}


async def test_from_publishing_to_withdrawing(api: Api) -> None:
    made = await api.call(SELLER, "POST", "/v1/offers", given("capacity", "offer"))
    assert made.status == 201, made.body
    path = f"/v1/offers/{made.json['offer']}"
    wanted = await api.call(BUYER, "POST", "/v1/offers", given("overflow", "request"))
    (fit,) = (await api.call(BUYER, "GET", "/v1/offer-fits")).json["fits"]
    assert (fit["of"], fit["other"]["offer"], fit["fits"]) == (wanted.json["offer"], made.json["offer"], True)
    force = next(one for one in fit["criteria"] if one["name"] == "force_kn")
    assert force == {"name": "force_kn", "outcome": "fits", "ours": 400, "theirs": 441}
    assert (await api.call(STRANGER, "GET", "/v1/offer-fits")).json["fits"] == []
    found = (await api.call(STRANGER, "GET", "/v1/offers?q=capacity&kind=capacity")).json
    assert [one["offer"] for one in found["offers"]] == [made.json["offer"]]
    assert (await api.call(STRANGER, "GET", path)).json["details"]["force_kn"] == 441
    assert (await api.call(STRANGER, "PUT", path, given("capacity", "offer"))).status == 404
    assert (await api.call(STRANGER, "POST", f"{path}/withdrawal")).status == 404
    again = await api.call(SELLER, "PUT", path, given("capacity", "offer", title="新しい題"))
    assert (again.status, again.json["revision"]) == (200, 1)
    assert (await api.call(SELLER, "POST", f"{path}/withdrawal")).json["state"] == "withdrawn"
    assert (await api.call(BUYER, "GET", path)).status == 404
    (own,) = (await api.call(SELLER, "GET", "/v1/own-offers")).json["offers"]
    assert own["state"] == "withdrawn"


async def test_what_is_refused_names_its_field(api: Api) -> None:
    for changes, field in (
        ({"kind": "gift"}, "kind"),
        ({"details": {"process": "pressing", "prices": 1}}, "prices"),
        ({"details": {}}, "process"),
        ({"starts": "2025-02-30"}, "starts"),
        ({"area": "99"}, "area"),
        ({"scope": "named"}, "nodes"),
    ):
        refused = await api.call(SELLER, "POST", "/v1/offers", {**given("capacity", "offer"), **changes})
        assert (refused.status, refused.json["field"]) == (422, field), refused.body
    assert (await api.call(SELLER, "GET", "/v1/offers?kind=gift")).status == 422


async def test_the_vocabulary(api: Api) -> None:
    kinds = (await api.call(SELLER, "GET", "/v1/offer-kinds")).json["kinds"]
    people = next(kind for kind in kinds if kind["kind"] == "people")
    purpose = next(field for field in people["fields"] if field["name"] == "purpose")
    assert purpose["choices"] == ["keep_jobs", "guidance", "training", "group"]
    assert "職業安定法" in purpose["law"]
