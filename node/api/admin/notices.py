"""Admin commands: firms to telephone because nobody opens their papers; whether mail leaves the node."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, Nothing, local_member
from node.api.context import Context
from node.services import access
from node.services.notices import climbing
from node.services.transaction import Tx
from protocol.errors import CallerFault


class Called(Ask, frozen=True):
    """``by``: who telephoned."""

    member: str
    by: str


class Test(Ask, frozen=True):
    """``address``: where the test mail goes."""

    address: str


def list_calls(context: Context, _ask: Nothing) -> dict[str, Any]:
    """Firms to call, those not yet called first; people whom mail does not reach."""

    def work(tx: Tx) -> dict[str, Any]:
        calls = [
            {
                "member": one.member.hex(),
                "name": one.name,
                "telephone": one.telephone,
                "papers": one.papers,
                "since": one.since,
                "called": one.called,
            }
            for one in climbing.to_call(tx)
        ]
        bounces = [
            {"login": one.login, "house": one.house, "why": one.why, "time": one.time} for one in climbing.bounces(tx)
        ]
        return {"calls": calls, "bounces": bounces}

    return context.store.read(work)


def called(context: Context, ask: Called) -> dict[str, Any]:
    """Somebody of the association telephoned the firm."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        count = climbing.called(context.house, tx, member, None)
        access.note(context.house, tx, "called", member=member, name=ask.by)
        return {"member": member.hex(), "papers": count}

    return context.commit(work)


def test(context: Context, ask: Test) -> dict[str, Any]:
    """Send one mail now, by the settings in yui.toml. CallerFault says what the server or network said."""
    from node import opening
    from node.notices.mail import Mailer

    config = opening.load_config(context.folder)
    if not config.smtp.host:
        raise CallerFault("smtp.host", "no mail server is configured")
    mailer = Mailer(config.smtp, context.folder, config.api.base_url, context.house.id)
    error = mailer.test(ask.address, context.house.name, context.house.clock())
    if error:
        raise CallerFault("smtp", error, code="not-sent")
    return {"address": ask.address, "server": f"{config.smtp.host}:{config.smtp.port}"}


COMMANDS = (
    Command("notice.list", Nothing, list_calls, offline=True),
    Command("notice.called", Called, called),
    Command("notice.test", Test, test, offline=True),
)
