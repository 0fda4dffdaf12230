"""wapiti against the pages: a scanner that others wrote walks them as a firm's owner and attacks each address and form.

It brings more than seventy libraries in versions of its own: it lives in an environment of its own
(docs/adr/0001-dependencies.md) and is found by ``YUI_WAPITI``, in ``.venv-wapiti`` or on the path. Nothing leaves
this machine: what an attack would make the node ask for is an address of this test.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from node.api.metrics import Metrics
from node.services.drafting import Step
from node.web import site
from tests.conftest import ROOT
from tests.node.services import october
from tests.node.web.harness import TwoWebs, two_webs
from tests.node.web.walking import DAY

KINDS = ("crlf", "exec", "file", "redirect", "sql", "ssrf", "xss", "xxe", "upload", "permanentxss")
CRAWL_S, KIND_S = 25, 21
FORMS = 20  # that wapiti must have sent with a good token, of different pages
#: Not opened: what ends the session or the login, what answers without end, files, guides, what nothing is typed into.
LEFT_OUT = ("logout", "live", "books/archive", "settings/sessions", "settings/takeaway", "documents", "help", "static")


def scanner() -> str:
    """Its program; skips where there is none."""
    for place in (os.environ.get("YUI_WAPITI", ""), str(ROOT / ".venv-wapiti" / "bin" / "wapiti"), "wapiti"):
        if place and (found := shutil.which(place)):
            return found
    pytest.skip("wapiti is not installed (YUI_WAPITI, .venv-wapiti, PATH): the pages are not scanned")


@asynccontextmanager
async def lure() -> AsyncIterator[tuple[str, list[str]]]:
    """An address that nobody should be led to, and what was asked of it. To wapiti itself it answers: nothing came."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if not request.path.endswith(("/get_ssrf.php", "/get_xxe.php")):
            asked.append(str(request.rel_url))
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), asked


def deal(webs: TwoWebs) -> None:
    """Orders that the seller has to answer, to ship and to bill: each of its forms is there."""
    towns = (webs.toyota.town, webs.kyoto.town, webs.buyer, webs.seller)
    october.start(*towns, october.order("PO-0", day=DAY))
    for at, step in enumerate((Step.SHIP, Step.BILL), 1):
        october.billed(*towns, october.order(f"PO-{at}", day=DAY), until=step, day=DAY)
    webs.deliver()


def cookie_file(folder: Path, cookies: Mapping[str, str]) -> Path:
    """The session, in the form that wapiti reads."""
    more = {"expires": None, "secure": False, "port": None, "version": 0}
    kept = {name: {"value": value, **more} for name, value in cookies.items()}
    path = folder / "cookies.json"
    path.write_text(json.dumps({"127.0.0.1": {"/": kept}}), "utf-8")
    return path


def made(folder: Path) -> Path:
    """A new folder."""
    folder.mkdir()
    return folder


class Finding(NamedTuple):
    """What wapiti says is wrong; the request that shows it."""

    name: str
    kind: str
    path: str
    parameter: str
    request: str

    @property
    def place(self) -> tuple[str, str, str]:
        """The same in another scan."""
        return self.name, re.sub("[0-9a-f]{32,}", "…", self.path), self.parameter


async def scan(
    program: str, folder: Path, url: str, trap: str, cookies: Mapping[str, str], kinds: Iterable[str] = KINDS
) -> list[Finding]:
    """Faults and anomalies (answers of 500)."""
    report = folder / "report.json"
    process = await asyncio.create_subprocess_exec(
        *(program, "--url", url, "--start", f"{url}menu", "--scope", "domain"),
        *("--cookie", str(cookie_file(folder, cookies))),
        *(word for path in LEFT_OUT for word in ("--exclude", f"{url}{path}*")),
        *("--module", ",".join(kinds), "--scan-force", "paranoid", "--skip", "csrf", "--remove", "lang"),
        *("--endpoint", trap, "--dns-endpoint", "localhost", "--timeout", "30", "--tasks", "8"),
        *("--max-scan-time", str(CRAWL_S), "--max-attack-time", str(KIND_S)),
        *("--store-session", str(folder / "session"), "--store-config", str(folder / "config")),
        *("--format", "json", "--output", str(report), "--no-bugreport"),
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode("utf-8", "replace")
    assert process.returncode == 0, said[-8_000:]
    told = json.loads(report.read_text("utf-8"))
    assert told["infos"]["crawled_pages_nbr"] > 0, said[-8_000:]
    return [
        Finding(name, str(one["module"]), one["path"], str(one["parameter"]), one["http_request"])
        for part in ("vulnerabilities", "anomalies")
        for name, found in told[part].items()
        for one in found
    ]


def forms_read(metrics: Metrics) -> Counter[str]:
    """How often each form was sent and not refused for its token."""
    found: Counter[str] = Counter()
    for sample in (sample for metric in metrics.requests.collect() for sample in metric.samples):
        labels = sample.labels
        if sample.name.endswith("_total") and labels["method"] == "POST" and labels["status"] not in ("403", "405"):
            found[labels["route"]] += int(sample.value)
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_wapiti_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = scanner()
    monkeypatch.setattr(site, "PER_VISITOR", 10**9)  # else most of it would be refused unread
    async with two_webs(tmp_path) as webs, lure() as (trap, asked):
        deal(webs)
        web = webs.kyoto
        browser = await web.logged_in("owner")
        url = str(web.client.make_url("/"))
        with capture_logs() as logs:
            found = await scan(program, made(tmp_path / "first"), url, trap, browser.cookies)
            if found:  # wapiti compares pages that may change between two requests: a fault is one that it finds again
                kinds = sorted({one.kind for one in found})
                again = await scan(program, made(tmp_path / "again"), url, trap, browser.cookies, kinds)
                places = {one.place for one in again}
                assert [one for one in found if one.place in places] == []
        assert asked == [], "the node was made to ask for these"
        assert [line for line in logs if line["log_level"] in ("error", "critical")] == []
        assert (await browser.get("/")).status == 200, "it was logged out"
        forms = forms_read(web.context.metrics)
        assert len(forms) >= FORMS, forms


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_wapiti_would_find_it(tmp_path: Path) -> None:
    """A planted fault behind a form with a token: the scan sends it whole, and sees it."""
    program = scanner()

    async def show(request: web.Request) -> web.Response:
        form = '<form method="post" action="/say"><input type="hidden" name="csrf" value="t"><input name="word"></form>'
        return web.Response(text=f"<html><body>{form}</body></html>", content_type="text/html")

    async def say(request: web.Request) -> web.Response:
        sent = await request.post()
        if sent.get("csrf") != "t" or request.cookies.get("yui") != "s":
            raise web.HTTPForbidden
        return web.Response(text=f"<html><body>{sent.get('word', '')!s}</body></html>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", show), web.get("/menu", show), web.post("/say", say)])
    async with TestServer(app) as server, lure() as (trap, _):
        found = await scan(program, made(tmp_path / "scan"), str(server.make_url("/")), trap, {"yui": "s"})
    assert ("/say", "word") in {(one.path, one.parameter) for one in found if "Cross Site Scripting" in one.name}, found
