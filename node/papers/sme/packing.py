"""Kept entries in few bytes: element names here are long, and entries beside each other share most of their path.

``sme:A/sme:B(1)/sme:C`` after ``sme:A/sme:B(1)/sme:D`` is ``2>C``: the number of steps that it shares with the entry
before it, then the rest without the message's prefix. The sign before a path stays where it is. Knows no element.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from node.papers.sme.rows import at
from node.papers.ubl import names
from protocol.errors import Malformed
from protocol.process.trade.papers import Kept

_ENTRY = re.compile(r"(~?[@=*-]?)(.*)", re.DOTALL)
_PACKED = re.compile(r"(~?[@=*-]?)(\d{1,2})>(.*)", re.DOTALL)


def pack(entries: Iterable[Kept]) -> Iterator[Kept]:
    """The entries with short paths. Those that begin with ``#`` stay as they are."""
    before: list[str] = []
    for entry in entries:
        if entry.path.startswith("#"):
            yield entry
            continue
        found = _ENTRY.fullmatch(entry.path)
        assert found is not None
        steps = names.split(found[2])
        shared = 0
        while shared < min(len(before), len(steps) - 1, 99) and before[shared] == steps[shared]:
            shared += 1
        rest = "/".join(step.removeprefix("sme:") for step in steps[shared:])
        yield replace(entry, path=f"{found[1]}{shared}>{rest}")
        before = steps


def unpack(entries: Iterable[Kept]) -> Iterator[Kept]:
    """The entries with whole paths. Raises Malformed for a path that is none."""
    before: list[str] = []
    for entry in entries:
        if entry.path.startswith("#"):
            yield entry
            continue
        found = _PACKED.fullmatch(entry.path)
        if found is None or int(found[2]) > len(before):
            raise Malformed(f"kept: {entry.path[:80]!r} is not a path after the one before it")
        steps = [*before[: int(found[2])], *(_whole(step) for step in names.split(found[3]))]
        yield replace(entry, path=found[1] + "/".join(steps))
        before = steps


def _whole(step: str) -> str:
    """A step with its prefix. ``@key`` is an attribute."""
    return step if step == "." or step.startswith(("@", "{")) else at(step)
