"""The address of a node's peer port, as text in descriptors and as typed by an operator: ``https://host:port``.

Owns its syntax. Must not know what a name resolves to or which addresses are allowed: that is checked where the
connection is made, on the address itself.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from protocol.errors import Malformed

DEFAULT_PORT = 7443
MAX_HOST_CHARS = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ALL_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)")


@dataclass(frozen=True, order=True)
class Endpoint:
    """``host`` is a name in lower case or a canonical IP address without brackets; ``port`` is 1..65535."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"

    @property
    def address(self) -> str | None:
        """The IP address, if the host is one and not a name."""
        try:
            return str(ipaddress.ip_address(self.host))
        except ValueError:
            return None


def parse_endpoint(text: str) -> Endpoint:
    """The endpoint written as ``https://host[:port]``; the scheme may be left out. Malformed names the broken rule.

    Spellings of an address other than the canonical one (``0x7f.1``, ``2130706433``, ``[::ffff:…]``) are refused.
    """
    scheme, separator, rest = text.strip().rpartition("://")
    if separator and scheme != "https":
        raise Malformed("endpoint: must begin with https://")
    rest = rest.removesuffix("/")
    host, port = _split(rest)
    return Endpoint(_host(host), _port(port))


def stated_endpoint(text: str) -> Endpoint:
    """The endpoint as a descriptor states it: ``https://host:port``, spelled in this one way. Malformed otherwise."""
    endpoint = parse_endpoint(text)
    if str(endpoint) != text:
        raise Malformed(f"endpoint: must be written {endpoint}")
    return endpoint


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, port = text.partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise Malformed("endpoint: an IPv6 address must stand in brackets")
        return host + bracket, port[1:] if port else str(DEFAULT_PORT)
    host, colon, port = text.partition(":")
    return host, port if colon else str(DEFAULT_PORT)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise Malformed("endpoint: the port must be a number from 1 to 65535")
    return int(text)


def _host(text: str) -> str:
    if text.startswith("["):
        return _ipv6(text[1:-1])
    host = text.lower().removesuffix(".")
    labels = host.split(".")
    if not 1 <= len(host) <= MAX_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise Malformed("endpoint: must be https://host:port with a host name or an IP address, and nothing else")
    if not _ALL_NUMBERS.fullmatch(labels[-1]):
        return host
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise Malformed("endpoint: an IPv4 address must be four decimal numbers") from None


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise Malformed("endpoint: not an IPv6 address") from None
    if address.ipv4_mapped is not None or address.scope_id:
        raise Malformed("endpoint: an IPv6 address must not wrap an IPv4 address or name an interface")
    return str(address)
