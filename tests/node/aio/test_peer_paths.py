"""Every message that the runtime answers has its way through the peer port, over real TLS, with its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import runtime
from node.aio.pins import Pins
from node.api.peer.routes import peer_app
from protocol.errors import PeerFault
from protocol.guardian import mail
from tests.node.aio.nodes import Recorder, linked


def test_every_path_of_the_runtime_is_served() -> None:
    app = peer_app(Recorder(), Pins())
    served = {resource.canonical for resource in app.router.resources()}
    assert set(runtime.PATHS) <= served


async def test_mail_goes_through_up_to_the_largest_piece(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        transport = a.connect()
        for path in mail.PATHS:
            await transport.post(b.id, path, b"\x01")
        assert [asked[2] for asked in b.services.asked] == [(path, 1) for path in mail.PATHS]
        await transport.post(b.id, mail.LEAVE, bytes(mail.MAX_LEFT_BYTES))
        assert b.services.asked[-1][2] == (mail.LEAVE, mail.MAX_LEFT_BYTES)
        with pytest.raises(PeerFault):
            await transport.post(b.id, mail.LEAVE, bytes(mail.MAX_LEFT_BYTES + 1))
        assert b.services.asked[-1][2] == (mail.LEAVE, mail.MAX_LEFT_BYTES)
