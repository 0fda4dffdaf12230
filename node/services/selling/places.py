"""Whose sales count beside others', and where their shops are: the one question that every comparison asks first.

Owns that question. Nobody's lines are counted beside another's before their owner said so; a node without such a
record counts nobody's.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services.transaction import Tx


class Place(NamedTuple):
    """Where a member's shop is, as the node names it."""

    street: str
    city: str


NOWHERE = Place("", "")


def consenting(tx: Tx) -> dict[bytes, Place]:
    """The members that let their sales count in their street's comparison, with their places."""
    del tx
    return {}
