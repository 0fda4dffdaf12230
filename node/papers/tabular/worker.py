"""Files of strangers in a process of their own: Excel is a zip of XML, and a node reads neither where its keys are.

:class:`Worker` hands that process one file at a time. Source: ``docs/threats.md`` row 14; :mod:`node.papers.process`.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import msgpack

from node.papers.process import Confines, Process, answer_requests
from node.papers.tabular.reading import Table, read
from protocol.errors import TooLarge
from protocol.limits import MIB

MAX_FILE_BYTES: Final = 4 * MIB
MAX_PACKED_BYTES: Final = 4 * MIB
MAX_UNPACKED_BYTES: Final = 64 * MIB
MEMORY_BYTES: Final = 1024 * MIB
CPU_SECONDS: Final = 10
TIMEOUT_SECONDS: Final = 30.0
OPEN_FILES: Final = 32


class Worker(Process):
    """Reads in another process. Errors as :func:`node.papers.tabular.read`."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__("node.papers.tabular.worker", "the file", timeout_seconds=timeout_seconds)

    def read(self, data: bytes, name: str) -> bytes:
        """The rows of a file, packed: for :func:`unpacked`."""
        if len(data) > MAX_FILE_BYTES:
            raise TooLarge(f"a file of {len(data)} bytes, the limit is {MAX_FILE_BYTES}")
        (packed,) = self.call("read", data, name)
        return bytes(packed)


def packed(table: Table) -> bytes:
    """Rows as they are kept. TooLarge for more than any list needs."""
    raw: bytes = msgpack.packb([table.encoding, table.delimiter, table.rows])
    small = zlib.compress(raw, 6)
    if len(raw) > MAX_UNPACKED_BYTES or len(small) > MAX_PACKED_BYTES:
        raise TooLarge("the file holds more text than any list needs: split it")
    return small


def unpacked(data: bytes) -> Table:
    """The rows again; ``data`` is our own."""
    encoding, delimiter, rows = msgpack.unpackb(zlib.decompressobj().decompress(data, MAX_UNPACKED_BYTES))
    return Table(tuple(tuple(row) for row in rows), encoding, delimiter)


# ---- inside the process -------------------------------------------------------------------------------------------


def serve() -> None:
    """Load what reads Excel, then answer. Runs in the other process."""
    import python_calamine  # noqa: F401 - loaded before the limits hold

    answer_requests(_perform, Confines(MEMORY_BYTES, CPU_SECONDS, OPEN_FILES))


def _perform(_operation: str, data: bytes, name: str) -> list[Any]:
    return [packed(read(data, name))]
