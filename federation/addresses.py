"""Which IP addresses a node may connect to.

Owns the table. Must not know names or peers: it is told an address and whether private ones were agreed to.
Everything is denied that is not listed as public (or, where agreed, private): link-local, metadata services,
multicast, reserved, documentation, and every IPv6 form that carries an IPv4 address inside. The table is written out
here, because the one in Python's ``ipaddress`` changes between its versions.
Source: IANA special-purpose address registries, RFC 6890; ``docs/threats.md`` row 9.
"""

from __future__ import annotations

import ipaddress


def _networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_PRIVATE = _networks(
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",  # carriers' and overlay networks
    "127.0.0.0/8",
    "::1/128",
    "fc00::/7",
)
_NEVER = _networks(
    "0.0.0.0/8",
    "169.254.0.0/16",  # link-local; metadata of most clouds at 169.254.169.254
    "100.100.100.200/32",  # metadata
    "168.63.129.16/32",  # metadata
    "192.0.0.0/24",  # protocol assignments; metadata at 192.0.0.192
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",  # Teredo, ORCHID and other protocol assignments
    "2001:db8::/32",
    "2002::/16",  # 6to4
    "3fff::/20",
    "fd00:ec2::254/128",  # metadata
    "fd20:ce::254/128",  # metadata
)


def address_problem(text: str, *, private_agreed: bool) -> str:
    """Why a node does not connect to IP address ``text``; empty if it does."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"{text} is not an IP address"
    if any(address in network for network in _NEVER):
        return f"{address} is a reserved, link-local or metadata address"
    if any(address in network for network in _PRIVATE):
        return "" if private_agreed else f"{address} is a private address, which was not agreed to for this peer"
    if address.version == 6 and address not in _PUBLIC_IPV6:
        return f"{address} is not a public address"
    return ""


def is_private(text: str) -> bool:
    """Whether ``text`` is an IP address of a private network or of the machine itself."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE)
