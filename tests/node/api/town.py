"""A node's member API on a real socket over a store in memory: one association, three firms, a token each."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp.test_utils import TestClient, TestServer

from node.api.admin import app as admin
from node.api.context import Context
from node.api.member import app as member
from node.services import tokens
from protocol.process.trade.papers import Paper
from tests.node import drawing_town
from tests.node.services.town import Association, order

BUYER, SELLER, STRANGER = "金太郎機械", "花咲堂", "よその店"


def plain(paper: Paper) -> Any:
    """A paper as its JSON says it."""
    return json.loads(msgspec.json.encode(paper))


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """The running API and who may use it."""

    def __init__(self, town: Association, context: Context, client: TestClient[Any, Any]) -> None:
        self.town = town
        self.context = context
        self.client = client
        self.members = {name: town.enrol(name) for name in (BUYER, SELLER, STRANGER)}
        self.tokens = {name: self.token(name) for name in self.members}

    def token(self, name: str, scopes: str = "", user: str = "", lifetime_us: int | None = None) -> str:
        member_id = self.members[name] if name else None
        made = self.town.do(
            lambda tx: tokens.create(self.town.house, tx, member_id, "test", scopes, user=user, lifetime_us=lifetime_us)
        )
        return made.text

    async def call(
        self,
        who: str,
        method: str,
        path: str,
        value: object = None,
        *,
        raw: bytes | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request with the firm's token (``who`` empty: none)."""
        sent = dict(headers or {})
        if token or who:
            sent["Authorization"] = f"Bearer {token or self.tokens[who]}"
        data = raw if raw is not None else None if value is None else json.dumps(value).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        stream = None if data is None else BytesIO(data)
        async with self.client.request(method, path, data=stream, headers=sent) as response:
            return Answer(response.status, response.headers, await response.read())

    def submission(self, number: str, to: str = SELLER, **more: Any) -> dict[str, Any]:
        """A small order as the API takes it."""
        body = plain(order(number))
        return {"type": "order", "to": self.members[to].hex(), "body": body, **more}

    async def send(self, number: str, who: str = BUYER, to: str = SELLER) -> str:
        """Send an order; its id."""
        answer = await self.call(who, "POST", "/v1/documents", {"documents": [self.submission(number, to)]})
        assert answer.status == 201, answer.body
        return str(answer.json["documents"][0]["id"])


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Api]:
    """The API, from start to end."""
    town = Association("豊田")
    context = Context(town.house, town.store, folder)
    drawing_town.courier(context)
    async with TestClient(TestServer(member.build(context))) as client:
        try:
            yield Api(town, context, client)
        finally:
            context.arrivals.close()
            context.close()


@asynccontextmanager
async def administering(folder: Path) -> AsyncIterator[tuple[Association, Context]]:
    """The admin API on its socket in ``folder``."""
    town = Association("豊田")
    context = Context(town.house, town.store, folder)
    drawing_town.courier(context)
    runner = await admin.serve(context)
    try:
        yield town, context
    finally:
        await runner.cleanup()
        context.close()
