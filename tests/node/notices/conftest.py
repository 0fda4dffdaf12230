"""Two associations with people at Kyoto's firm, a mail server and a round of notices at Kyoto."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from node.config import SmtpSection
from node.notices.mail import Mailer
from node.notices.push import Pusher, PushOptions
from node.notices.round import Round
from node.services import preferences
from node.services.sessions import MINUTE_US
from node.store import UserRow
from tests.node.notices.post import Postbox, PushService, mail_server, push_service
from tests.node.web.harness import TwoWebs, two_webs

BASE = "https://kyoto.example.jp"


class Office(NamedTuple):
    """Kyoto (firm 花咲堂; owner, clerk, viewer with a mail address each) and its round; Toyota orders."""

    webs: TwoWebs
    post: Postbox
    push: PushService
    round: Round

    def user(self, name: str) -> UserRow:
        found = self.webs.kyoto.town.see(lambda tx: tx.users.by_name(name))
        assert found is not None
        return found

    async def steps(self, count: int = 4) -> None:
        for _ in range(count):
            await self.round.step()

    async def after(self, minutes: float) -> None:
        """Time goes by, then a few rounds."""
        self.webs.kyoto.town.now += int(minutes * MINUTE_US)
        await self.steps()

    def to(self, name: str) -> list[str]:
        """Subjects of the mails that this user got."""
        return [mail["Subject"] for mail in self.post.mails if mail["To"] == f"{name}@kyoto.example.jp"]


@pytest.fixture
async def post() -> AsyncIterator[Postbox]:
    async with mail_server() as box:
        yield box


@pytest.fixture
async def push(tmp_path: Path) -> AsyncIterator[PushService]:
    async with push_service(tmp_path) as service:
        yield service


@pytest.fixture
async def office(tmp_path: Path, post: Postbox, push: PushService) -> AsyncIterator[Office]:
    async with two_webs(tmp_path) as webs:
        kyoto = webs.kyoto
        for name in ("owner", "clerk", "viewer"):
            user = kyoto.town.see(lambda tx, name=name: tx.users.by_name(name))  # type: ignore[misc]
            assert user is not None
            address = f"{name}@kyoto.example.jp"
            kyoto.town.do(lambda tx, user=user.id, to=address: preferences.introduce(tx, user, "花子", to))  # type: ignore[misc]
        settings = SmtpSection(host="127.0.0.1", port=post.port, tls="none", sender="結 <yui@kyoto.example.jp>")
        mailer = Mailer(settings, tmp_path, BASE, kyoto.town.house.id)
        pusher = Pusher("mailto:yui@kyoto.example.jp", PushOptions(inside=True, tls=push.tls))
        made = Office(webs, post, push, Round(kyoto.context, lambda: (mailer, pusher)))
        await made.steps()
        yield made
