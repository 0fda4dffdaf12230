"""The serving process: ``python -m node DATA-FOLDER``, as ``yui serve`` starts it, without what only people need.

Exit codes: 0 told to stop, 1 could not start or had to stop, with one line on standard error that says why.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path

from protocol.errors import YuiError

YOUNG_OBJECTS = 50_000  # a batch makes thousands of short-lived objects: look for garbage after several batches


def main(arguments: list[str]) -> int:
    """Serve the node in the folder that is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m node DATA-FOLDER\n")
        return 2
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # structlog would load it, for colours nobody sees
    from node import app

    gc.collect()
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
