"""The one object that every bench prints.

Owns its shape: ``bench``, ``commit``, ``machine``, ``figures`` (name → number, unit in the name), ``floors`` (what the
machine can do at best, from the same run), ``targets`` and ``met``. Knows no bench.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[2]


class Target(NamedTuple):
    """A figure and its limit: at most, or with ``at_least`` at least."""

    name: str
    figure: float
    target: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure keeps the limit."""
        return self.figure >= self.target if self.at_least else self.figure <= self.target


class Report(NamedTuple):
    """One bench's result."""

    bench: str
    figures: Mapping[str, float]
    floors: Mapping[str, float]
    targets: Sequence[Target]

    @property
    def met(self) -> bool:
        """Whether every target is."""
        return all(target.met for target in self.targets)

    def as_json(self) -> dict[str, Any]:
        """The object that is printed."""
        return {
            "bench": self.bench,
            "commit": commit(),
            "machine": machine(),
            "figures": {name: _number(value) for name, value in self.figures.items()},
            "floors": {name: _number(value) for name, value in self.floors.items()},
            "targets": [
                {
                    "name": target.name,
                    "figure": _number(target.figure),
                    "target": _number(target.target),
                    "met": target.met,
                }
                for target in self.targets
            ],
            "met": self.met,
        }


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each figure over the runs; a figure that some run lacks is an error."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def commit() -> str:
    """The commit of the tree that runs, with ``+`` when files differ from it; empty outside a repository."""
    if not (ROOT / ".git").exists():
        return ""
    found = _git("rev-parse", "--short=12", "HEAD")
    return found + ("+" if found and _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], check=False, capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_1min": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _number(value: float) -> float:
    """Three decimals are more than any figure here is good for; whole numbers stay whole."""
    rounded = round(float(value), 3)
    return int(rounded) if rounded == int(rounded) else rounded
