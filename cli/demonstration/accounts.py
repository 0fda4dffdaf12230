"""The demo's own books: what was put in, and what each side says of it at the end.

Owns the list of everything that was sent and the count against the nodes, over the member API only. Decides nothing
about what to send.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Failed, yui

PAGE = 200


class Entry(NamedTuple):
    """One document that was sent. ``origin``: why, for the table."""

    document: str
    author: str
    recipient: str
    type: str
    number: str
    origin: str


class Row(NamedTuple):
    """What became of a kind of documents."""

    label: str
    sent: int
    received: int
    receipted: int
    proved: int

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.sent == self.received == self.receipted == self.proved


class Count(NamedTuple):
    """The result: rows for people, and what is wrong. ``lost``: entries; ``duplicated``: what was received twice."""

    rows: tuple[Row, ...]
    lost: tuple[Entry, ...]
    duplicated: tuple[str, ...]

    @property
    def total(self) -> Row:
        """All rows together."""
        return Row(
            "",
            sum(row.sent for row in self.rows),
            sum(row.received for row in self.rows),
            sum(row.receipted for row in self.rows),
            sum(row.proved for row in self.rows),
        )

    @property
    def complete(self) -> bool:
        """Whether every document is accounted for, exactly once."""
        return not self.lost and not self.duplicated and all(row.complete for row in self.rows)


class Books:
    """What was put in. ``api``: opens the member API of a firm by its key."""

    def __init__(self, api: Callable[[str], MemberApi]) -> None:
        self._api = api
        self.entries: list[Entry] = []

    def enter(self, entry: Entry) -> None:
        """A node acknowledged a document."""
        self.entries.append(entry)

    def unreceipted(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of ``entries`` that have no partner's receipt yet, asked of their senders."""
        waiting = []
        for author in dict.fromkeys(entry.author for entry in entries):
            shown = {item["id"]: item for item in _all(self._api(author), "sent")}
            waiting += [
                entry for entry in entries if entry.author == author and not _receipted(shown.get(entry.document))
            ]
        return waiting

    def count(self, folder: Path, firms: Iterable[str]) -> Count:
        """Ask every firm what it sent and received, export and verify every proof into ``folder``."""
        sent, received = Counter[str](), Counter[str]()
        receipted: set[str] = set()
        for firm in firms:
            api = self._api(firm)
            sent.update(item["id"] for item in _all(api, "sent"))
            received.update(item["id"] for item in _all(api, "received"))
            receipted.update(item["id"] for item in _all(api, "sent") if _receipted(item))
        proved = self._prove(folder)
        rows = []
        for origin in dict.fromkeys(entry.origin for entry in self.entries):
            ids = [entry.document for entry in self.entries if entry.origin == origin]
            numbers = [sum(name in found for name in ids) for found in (received, receipted, proved)]
            rows.append(Row(origin, len(ids), *numbers))
        lost = [
            entry
            for entry in self.entries
            if not sent[entry.document] or not received[entry.document] or entry.document not in receipted
        ]
        return Count(tuple(rows), tuple(lost), tuple(self._duplicated(received)))

    def _duplicated(self, received: Counter[str]) -> list[str]:
        """Received more than once, received though nobody sent it, or sent twice under one number."""
        known = {entry.document for entry in self.entries}
        numbers = Counter((entry.author, entry.recipient, entry.type, entry.number) for entry in self.entries)
        return (
            [document for document, times in received.items() if times > 1 or document not in known]
            + [document for document, times in Counter(entry.document for entry in self.entries).items() if times > 1]
            + [key[3] for key, times in numbers.items() if times > 1]
        )

    def _prove(self, folder: Path) -> set[str]:
        """Documents whose exported proof holds offline, with the recipient's receipt in it."""
        files = {}
        for entry in self.entries:
            path = folder / f"{entry.document}.yui-proof"
            path.write_bytes(self._api(entry.author).download(f"/v1/documents/{entry.document}/proof"))
            files[path] = entry.document
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            verdicts = pool.map(_verify, files, files.values())
        return {document for document, holds in zip(files.values(), verdicts, strict=True) if holds}


def _receipted(item: Any) -> bool:
    """Whether the sender holds its partner's receipt that says: applied."""
    return (
        item is not None and item["marks"]["received"] is not None and item["marks"]["received"]["verdict"] == "applied"
    )


def _all(api: MemberApi, direction: str) -> list[Any]:
    found: list[Any] = []
    before = 0
    while True:
        page = api.get("/v1/documents", direction=direction, limit=PAGE, before=before)
        found += page["documents"]
        before = page["next"]
        if not before:
            return found


def _verify(path: Path, document: str) -> bool:
    try:
        answer = yui("document", "verify", str(path))
    except Failed:
        return False
    receipt = answer["receipt"]
    return bool(answer["document"] == document and receipt and receipt["verdict"] == "applied")


def missing(entries: Sequence[Entry]) -> str:
    """The first few entries in words."""
    return ", ".join(f"{entry.type} {entry.number}" for entry in entries[:5])
