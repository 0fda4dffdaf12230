"""Addresses as people type them and descriptors carry them."""

from __future__ import annotations

import pytest

from federation.endpoint import DEFAULT_PORT, Endpoint, parse_endpoint, stated_endpoint
from protocol.errors import Malformed


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("https://node.example.jp:8443", "node.example.jp", 8443, "https://node.example.jp:8443"),
        ("https://Node.Example.JP", "node.example.jp", DEFAULT_PORT, f"https://node.example.jp:{DEFAULT_PORT}"),
        (" node.example.jp:1/ ", "node.example.jp", 1, "https://node.example.jp:1"),
        ("192.0.2.7:65535", "192.0.2.7", 65535, "https://192.0.2.7:65535"),
        ("https://[2001:DB8::0:1]:7", "2001:db8::1", 7, "https://[2001:db8::1]:7"),
        ("[::1]", "::1", DEFAULT_PORT, f"https://[::1]:{DEFAULT_PORT}"),
        ("toyota-1.local", "toyota-1.local", DEFAULT_PORT, f"https://toyota-1.local:{DEFAULT_PORT}"),
        ("xn--wgv71a.jp.", "xn--wgv71a.jp", DEFAULT_PORT, f"https://xn--wgv71a.jp:{DEFAULT_PORT}"),
    ],
)
def test_good(text: str, host: str, port: int, shown: str) -> None:
    endpoint = parse_endpoint(text)
    assert endpoint == Endpoint(host, port)
    assert str(endpoint) == shown
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "http://node.example",
        "ftp://node.example",
        "https://user@node.example",
        "https://user:secret@node.example:7",
        "https://node.example/path",
        "https://node.example:7/path",
        "https://node.example?x=1",
        "https://node.example#x",
        "https://node.example:0",
        "https://node.example:65536",
        "https://node.example:+7",
        "https://node.example:７",
        "https://node.example:",
        "https://-node.example",
        "https://node..example",
        "https://node example",
        "https://日本.example",
        "https://node.example\r\nX: y",
        "https://" + "a" * 64 + ".example",
        "https://" + ".".join(["a" * 60] * 5),
        "https://0x7f.1",
        "https://0x7f000001",
        "https://2130706433",
        "https://127.1",
        "https://0177.0.0.1",
        "https://127.0.0.256",
        "https://[::ffff:127.0.0.1]",
        "https://[fe80::1%eth0]",
        "https://[::1",
        "https://::1",
        "https://[not]",
        "https://[::1]x",
    ],
)
def test_bad(text: str) -> None:
    with pytest.raises(Malformed, match="endpoint"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    "text",
    ["nonsense", "yui.example.jp:7443", "https://yui.example.jp", "https://YUI.example.jp:7443", "https://a.jp:7443/"],
)
def test_a_descriptor_states_it_in_one_way(text: str) -> None:
    with pytest.raises(Malformed, match=r"must be written https://[a-z.]+:7443"):
        stated_endpoint(text)
    assert stated_endpoint(str(parse_endpoint(text))) == parse_endpoint(text)


def test_address_is_known_only_of_literals() -> None:
    assert parse_endpoint("127.0.0.1").address == "127.0.0.1"
    assert parse_endpoint("[::1]").address == "::1"
    assert parse_endpoint("localhost").address is None
