"""Rows 10 and 11 at the member API: sizes, depth and lies about lengths are refused before work is done."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from protocol.limits import MAX_API_BODY_BYTES
from tests.node.api.town import BUYER, Api, serving


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(tmp_path) as found:
        yield found


async def test_a_body_above_the_limit_is_refused(api: Api) -> None:
    answer = await api.call(BUYER, "POST", "/v1/documents", raw=b" " * (MAX_API_BODY_BYTES + 1))
    assert answer.status == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("form", ["gzip", "deflate", "br"])
async def test_packed_bodies_are_refused_unread(api: Api, form: str) -> None:
    bomb = gzip.compress(bytes(50_000_000)) if form == "gzip" else zlib.compress(bytes(50_000_000))
    started = time.perf_counter()
    answer = await api.call(BUYER, "POST", "/v1/documents", raw=bomb, headers={"Content-Encoding": form})
    assert answer.status in (400, 415)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"documents":' + b"[" * 1_000_000,
        b'{"documents":[' + b'{"body":' * 100_000,
        b'{"documents":[' + b"{}," * 100_000 + b"{}]}",
        b'{"a":' * 1000,
        b'{"documents":[{"type":"order","to":"\\ud800","body":{}}]}',
        b'{"documents":[{"type":"order","to":"x","body":' + b"9" * 100_000 + b"}]}",
        b"\x00" * 1000,
        b"\xef\xbb\xbf{}",
    ],
)
async def test_hostile_json_is_refused_quickly(api: Api, body: bytes) -> None:
    started = time.perf_counter()
    answer = await api.call(BUYER, "POST", "/v1/documents", raw=body)
    assert 400 <= answer.status < 500, answer.body
    assert time.perf_counter() - started < 2
    assert answer.headers["Content-Type"] == "application/problem+json"
