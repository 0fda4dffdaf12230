"""What this machine can do at best: Ed25519 signatures and verifications on one core, fsyncs on the data's disk.

Owns the three measurements. Signatures are counted per second of processor time, so that a busy neighbour does not
lower the floor that the CPU figures are compared with. Knows no node.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from nacl.signing import SigningKey

SECONDS = 0.6
PAGE = b"\0" * 4096


def measure(folder: Path) -> dict[str, float]:
    """``sign_per_s``, ``verify_per_s`` (of 32-byte digests, as the protocol does) and ``fsync_per_s`` in ``folder``."""
    key = SigningKey(bytes(range(32)))
    digest = bytes(32)
    signature = key.sign(digest).signature
    public = key.verify_key
    return {
        "sign_per_s": _rate(lambda: key.sign(digest)),
        "verify_per_s": _rate(lambda: public.verify(digest, signature)),
        "fsync_per_s": _fsync_rate(folder),
    }


def merged(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """The floors of a run from what was measured at its beginning and at its end."""
    return {name: statistics.mean((before[name], after[name])) for name in before}


def cpu_us(floors: dict[str, float]) -> float:
    """One signature and one verification, in µs of one core."""
    return 1e6 / floors["sign_per_s"] + 1e6 / floors["verify_per_s"]


def _rate(work: Callable[[], object]) -> float:
    count, began = 0, time.process_time()
    while (spent := time.process_time() - began) < SECONDS:
        for _ in range(100):
            work()
        count += 100
    return count / spent


def _fsync_rate(folder: Path) -> float:
    path = folder / "fsync-floor"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        count, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < SECONDS:
            os.write(handle, PAGE)
            os.fsync(handle)
            count += 1
        return count / spent
    finally:
        os.close(handle)
        path.unlink()
