"""The export archive over the API: with a scope of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from node.leaving import verify
from node.services.trade import Submission
from tests.node.api.town import BUYER, SELLER, Api
from tests.node.services.october import order


async def test_everything_in_one_zip(api: Api, tmp_path: Path) -> None:
    members = api.members
    await asyncio.to_thread(api.town.submit, members[BUYER], Submission(members[SELLER], order("PO-1")))
    answer = await api.call(BUYER, "GET", "/v1/export?pdf=no&lang=en")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    path = tmp_path / "all.zip"
    path.write_bytes(answer.body)
    assert verify.verify(path)[1] == []
    narrow = api.token(BUYER, "documents:read")
    assert (await api.call(BUYER, "GET", "/v1/export", token=narrow)).status == 403
    assert (await api.call(BUYER, "GET", "/v1/export?pdf=maybe")).status == 422
