"""Files that must survive a power cut: on the disk before they are named. Owns no name."""

from __future__ import annotations

import os
from pathlib import Path


def lasting(path: Path) -> None:
    """Have the content of ``path`` on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(made: Path, wanted: Path) -> None:
    """Give a written file its name, all at once: whoever looks sees the old one or the whole new one."""
    lasting(made)
    made.replace(wanted)
    lasting(wanted.parent)
