"""Notices as a way in: push addresses that lead inside, redirects, slow answers; line breaks in mail."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from node.config import SmtpSection
from node.notices.mail import Mailer, secret_of
from node.notices.push import Pusher, PushOptions
from node.services import preferences
from node.services.notices import browsers
from node.services.notices.sending import Bundle
from node.store import SubscriptionRow
from protocol.errors import CallerFault
from tests.node.notices.post import PushBrowser, PushService, mail_server, push_service
from tests.node.web.harness import Web, serving

INSIDE = (
    "https://127.0.0.1/x", "https://10.0.0.1/x", "https://192.168.1.1/x", "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://[fd00::1]/x", "https://0.0.0.0/x",
    "https://localhost/x", "https://2130706433/x", "https://0x7f.1/x", "https://intranet/x",
    "http://push.example.com/x", "https://push.example.com:7443/x", "https://user@push.example.com/x",
    "https://user:pass@push.example.com/x", "file:///etc/passwd", "ftp://push.example.com/x", "//push.example.com/x",
    "https:///x", "https://push.example.com/\r\nX: y", "https://push.example.com/ü", "https://[/x", "",
    "https://push.example.com/" + "x" * 1_000,
)  # fmt: skip


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path) as found:
        yield found


def bundle(endpoint: str, address: str = "") -> Bundle:
    keys = PushBrowser()
    row = SubscriptionRow(b"i", b"u", endpoint, keys.public, keys.secret, "", 0, 0)
    return Bundle(b"b" * 16, "push", b"u", "ja", (("orders", 1),), b"", 0, address, "token", (row,), ())


@pytest.mark.parametrize("endpoint", INSIDE)
async def test_an_address_inside_is_neither_kept_nor_asked(web: Web, endpoint: str) -> None:
    browser, keys = await web.logged_in("viewer"), PushBrowser()
    told = {"endpoint": endpoint, "p256dh": browsers.encoded(keys.public), "auth": browsers.encoded(keys.secret)}
    headers = {"Content-Type": "application/json", "X-CSRF-Token": browser.last.csrf}
    answer = await browser.ask("POST", "/settings/notices/browsers", data=json.dumps(told), headers=headers)
    assert answer.status == 422
    key = browsers.ec.generate_private_key(browsers.ec.SECP256R1())
    result = await Pusher("mailto:x@example.jp").carry(bundle(endpoint), key, 0)
    assert (result.sent, result.gone) == (False, (b"i",)), "an old row of such an address is forgotten, not asked"


async def test_a_name_that_leads_inside_is_not_connected_to(tmp_path: Path) -> None:
    """The rebinding: the name looked public when it was kept. The address is judged where the connection is made."""
    async with push_service(tmp_path) as service:

        async def lookup(_host: str, _port: int, _family: Any) -> list[str]:
            return ["127.0.0.1"]

        key = browsers.ec.generate_private_key(browsers.ec.SECP256R1())
        pusher = Pusher("mailto:x@example.jp", PushOptions(tls=service.tls, lookup=lookup))
        result = await pusher.carry(bundle("https://push.example.com/x"), key, 0)
        assert not result.sent
        assert result.error.startswith("AddressRefused"), result.error
        assert service.taken == []


async def carry(service: PushService, seconds: float = 5.0) -> Any:
    key = browsers.ec.generate_private_key(browsers.ec.SECP256R1())
    options = PushOptions(inside=True, tls=service.tls, timeout_s=seconds)
    return await Pusher("mailto:x@example.jp", options).carry(bundle(service.endpoint()), key, 0)


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with push_service(tmp_path) as service:
        service.answer, service.to = 307, service.endpoint("elsewhere")
        assert not (await carry(service)).sent
        assert [path for path, _, _ in service.taken] == ["/one"]


async def test_a_service_that_never_answers_costs_its_time_only(tmp_path: Path) -> None:
    async with push_service(tmp_path) as service:
        never = asyncio.Event()

        async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await never.wait()
            writer.close()

        silent = await asyncio.start_server(hang, "127.0.0.1", 0)
        service.port = silent.sockets[0].getsockname()[1]
        started = time.monotonic()
        result = await carry(service, 0.5)
        assert not result.sent
        assert not result.final
        assert time.monotonic() - started < 5
        never.set()
        await asyncio.sleep(0.05)
        silent.close()


@pytest.mark.parametrize("keys", [("", "AAAA"), ("A" * 87, "A" * 22), ("%%%", "%%%"), ("BB" * 44, "A" * 22)])
async def test_keys_that_are_none_are_refused(web: Web, keys: tuple[str, str]) -> None:
    browser = await web.logged_in("viewer")
    told = {"endpoint": "https://push.example.com/x", "p256dh": keys[0], "auth": keys[1]}
    headers = {"Content-Type": "application/json", "X-CSRF-Token": browser.last.csrf}
    answer = await browser.ask("POST", "/settings/notices/browsers", data=json.dumps(told), headers=headers)
    assert answer.status == 422


async def test_many_browsers_push_the_oldest_out(web: Web) -> None:
    user, keys = web.town.see(lambda tx: tx.users.by_name("viewer")), PushBrowser()
    assert user is not None
    for number in range(browsers.MOST_BROWSERS + 5):
        endpoint = f"https://push.example.com/{number}"
        web.town.do(
            lambda tx, to=endpoint: browsers.add(web.town.house, tx, user, to, keys.public, keys.secret, "")  # type: ignore[misc]
        )
    rows = web.town.see(lambda tx: tx.notices.subscriptions(user.id))
    assert len(rows) == browsers.MOST_BROWSERS
    assert rows[-1].endpoint.endswith(f"/{browsers.MOST_BROWSERS + 4}")


# --- mail


@pytest.mark.parametrize(
    "address", ["a@example.jp\r\nBcc: all@example.jp", "a@example.jp\nSubject: x", "a b@example.jp", "a@example.jp\x00"]
)
async def test_line_breaks_in_an_address_are_refused_by_the_settings_and_by_the_mail(
    web: Web, tmp_path: Path, address: str
) -> None:
    user = web.town.see(lambda tx: tx.users.by_name("viewer"))
    assert user is not None
    with pytest.raises(CallerFault):
        web.town.do(lambda tx: preferences.introduce(tx, user.id, "花子", address))
    async with mail_server() as post:
        settings = SmtpSection(host="127.0.0.1", port=post.port, tls="none", sender="yui@example.jp")
        mailer = Mailer(settings, tmp_path, "https://yui.example.jp", web.town.house.id)
        result = await asyncio.to_thread(mailer.carry, bundle("", address), 0)
        assert not any("Bcc" in mail or mail["Subject"] == "x" for mail in post.mails)
        if "\r" in address or "\n" in address:
            assert not result.sent
            assert post.mails == []


async def test_a_name_of_the_firm_or_person_never_reaches_a_header(web: Web, tmp_path: Path) -> None:
    mailer = Mailer(SmtpSection(host="x", sender="yui@example.jp"), tmp_path, "https://y.example.jp", web.town.house.id)
    made = mailer.message(bundle("", "a@example.jp"), 0)
    assert {name for name, _ in made.items()} == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert "ぶんぶく" not in made.as_string()


def test_a_password_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "smtp.secret"
    path.write_text("hush")
    path.chmod(0o644)
    with pytest.raises(CallerFault, match="chmod 600"):
        secret_of(tmp_path, "smtp.secret")
    path.chmod(0o600)
    assert secret_of(tmp_path, "smtp.secret") == "hush"
    with pytest.raises(CallerFault):
        secret_of(tmp_path, "missing")


async def test_a_mail_server_without_tls_gets_neither_password_nor_notice(tmp_path: Path, web: Web) -> None:
    async with mail_server() as post:
        settings = SmtpSection(host="127.0.0.1", port=post.port, tls="starttls", sender="yui@example.jp")
        mailer = Mailer(settings, tmp_path, "", web.town.house.id)
        result = await asyncio.to_thread(mailer.carry, bundle("", "a@example.jp"), 0)
        assert not result.sent
        assert post.mails == []
