"""The serving process: ``python -m node DATA-FOLDER``, as ``yui serve`` starts it, without what only people need.

Exit codes: 0 told to stop, 1 could not start or had to stop, with one line on standard error that says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import importlib
import sys
from pathlib import Path

from protocol.errors import YuiError

YOUNG_OBJECTS = 50_000  # a batch makes thousands of short-lived objects: look for garbage after several batches

#: What a socket is read by, at most. The event loop's own 256 KiB would be fetched from the system for every read.
READ_BYTES = 64 * 1024


def read_less_at_once() -> None:
    """Small buffers for all sockets, where the event loop is the one that has such a setting."""
    for module, name in (("asyncio.sslproto", "SSLProtocol"), ("asyncio.selector_events", "_SelectorTransport")):
        kind = getattr(importlib.import_module(module), name, None)
        if hasattr(kind, "max_size"):
            kind.max_size = READ_BYTES  # type: ignore[union-attr]


def give_back() -> None:
    """What loading modules left free goes back to the system, where the C library can (glibc)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def main(arguments: list[str]) -> int:
    """Serve the node in the folder that is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m node DATA-FOLDER\n")
        return 2
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # structlog would load it, for colours nobody sees
    from node import app

    read_less_at_once()
    gc.collect()
    give_back()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)
    try:
        asyncio.run(app.serve(Path(arguments[0])))
    except YuiError as error:
        sys.stderr.write(f"yui: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"yui: cannot listen: {error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
