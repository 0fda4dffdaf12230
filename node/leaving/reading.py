"""An export archive as the items that another node takes in. Owns which file gives which item; believes nothing.

What holds is decided by who takes the items in: documents by their authors' signatures, journals by their links.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from node.leaving.verify import Archive, unpack
from node.services.belongings import items
from node.services.belongings.items import Item, What

ENTRIES: Final = 400
TABLES: Final = ("items", "prices", "terms")
GROUP: Final = 50


class Attachment(NamedTuple):
    """The bytes of an attachment in the archive."""

    root: str
    size: int
    media_type: str
    file: str


class Reader:
    """An archive on the disk. Raises KeyError, OSError, ValueError or verify.Refused for what is no archive."""

    def __init__(self, path: Path) -> None:
        self._archive = Archive(path)
        self.about: dict[str, Any] = json.loads(self._archive.read("about.json"))
        self.documents: list[dict[str, Any]] = json.loads(self._archive.read("index.json"))["documents"]

    def groups(self) -> Iterator[list[Item]]:
        """Items, a few at a time: histories before documents before the journal and its head."""
        about = self.about
        for name in sorted(name for name in self._archive.names() if name.startswith("history/")):
            yield [Item(What.HISTORY.value, self._archive.read(name))]
        yield [items.of(What.MEMBER, [about["name"]])]
        group: list[Item] = []
        for row in self.documents:
            group += self._document(row)
            if len(group) >= GROUP:
                yield group
                group = []
        yield group
        for epoch in sorted(about["epochs"], key=lambda one: one["number"]):
            yield from self._entries(epoch)
        head = about["head"]
        if head is not None:
            raw = (bytes.fromhex(head["epoch"]), head["seq"], bytes.fromhex(head["hash"]))
            yield [items.of(What.HEAD, (*raw, bytes.fromhex(head["signature"])))]

    def _document(self, row: dict[str, Any]) -> Iterator[Item]:
        files, document = row["files"], bytes.fromhex(row["id"])
        wire = self._archive.read(files.get("envelope") or files["proof"])
        yield Item(What.DOCUMENT.value, wire if "envelope" in files else unpack(wire, "yui/proof/1", 4)[0])
        held = (row["direction"], row["verdict"], row["reason"], bytes.fromhex(row["partner"]), row["stored"])
        yield items.of(What.HOLDING, (document, *held, row["read"]))
        given = row["given"]
        if given is not None:
            said = (document, given["verdict"], bytes.fromhex(given["epoch"]), given["seq"], given["reason"])
            yield items.of(What.GIVEN, said)

    def _entries(self, epoch: dict[str, Any]) -> Iterator[list[Item]]:
        name, rows = bytes.fromhex(epoch["epoch"]), list[tuple[object, ...]]()
        for line in self._archive.lines(epoch["file"]):
            seq, previous, kind, subject, verdict, hashed, time = json.loads(line)
            linked = (seq, bytes.fromhex(previous), kind, bytes.fromhex(subject), verdict)
            rows.append((*linked, bytes.fromhex(hashed), time))
            if len(rows) == ENTRIES:
                yield [items.of(What.ENTRIES, (name, rows))]
                rows = []
        if rows:
            yield [items.of(What.ENTRIES, (name, rows))]

    def records(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """(table, rows) of what the member keeps for itself, a few hundred at a time."""
        for name in TABLES:
            text = self._archive.read(f"records/{name}.csv").decode("utf-8-sig")
            rows = [{**row, "data": json.loads(row["data"])} for row in csv.DictReader(io.StringIO(text, newline=""))]
            for row in rows:  # the apostrophe against formulas goes; the record itself says the number
                row["number"] = row.get("number", "").removeprefix("'")
            for at in range(0, len(rows), 200):
                yield name, rows[at : at + 200]

    def attachments(self) -> Iterator[Attachment]:
        """Attachments whose bytes are here."""
        found = {one["root"]: one for row in self.documents for one in row["attachments"] if one["file"]}
        for root, one in found.items():
            yield Attachment(root, one["size"], one["media_type"], one["file"])

    def open(self, name: str) -> IO[bytes]:
        """One file."""
        return self._archive.open(name)
