"""The layers' contracts (pyproject.toml, import-linter) and ruff's banned names are alive: each fails when broken.

That the project itself keeps them is checked by the steps `lint-imports` and `ruff check` of `python3 yui.py test`.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "from importlinter.cli import lint_imports_command as run; run()"


def module(root: Path, name: str, text: str) -> None:
    """Write one module, with a docstring and the packages above it."""
    path = root.joinpath(*name.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in path.parents:
        if folder == root:
            break
        (folder / "__init__.py").touch()
    path.write_text(f'"""Planted."""\n\n{text}', "utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of empty packages with this project's rules."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    own = set(config["root_packages"])
    for contract in config["contracts"]:
        for name in contract.get("source_modules", []) + contract.get("forbidden_modules", []):
            if name.split(".")[0] in own:
                module(tmp_path, f"{name}.planted", "")
    module(tmp_path, "cli.planted", "import node.planted\n")
    module(tmp_path, "node.planted", "import federation.planted\n")
    for folder in ("protocol", "federation"):
        shutil.copy(ROOT / folder / "ruff.toml", tmp_path / folder)
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, ''); {LINT}", "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_the_permitted_direction_passes(tree: Path) -> None:
    result = lint(tree)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "text", "contract"),
    [
        ("protocol.planted", "import federation.planted\n", "Imports run down"),
        ("federation.planted", "import node.planted\n", "Imports run down"),
        ("node.planted", "import cli.planted\n", "Imports run down"),
        ("protocol.planted", "import aiohttp\n", "protocol and federation know no"),
        ("federation.planted", "def f():\n    import time\n", "protocol and federation know no"),
        ("node.services.planted", "from sqlalchemy import select\n", "Services never speak SQL"),
        ("node.store.planted", "import node.services.planted\n", "The store never decides"),
        ("node.api.planted", "import node.store.planted\n", "The API does not reach past"),
    ],
)
def test_a_forbidden_import_is_found(tree: Path, name: str, text: str, contract: str) -> None:
    module(tree, name, text)
    result = lint(tree)
    assert result.returncode != 0
    assert any(contract in line and "BROKEN" in line for line in result.stdout.splitlines()), result.stdout


@pytest.mark.parametrize("folder", ["protocol", "federation"])
def test_ruff_refuses_impure_names_in_the_pure_layers(tree: Path, folder: str) -> None:
    text = "import os\nfrom datetime import UTC, datetime\n\nprint(os, datetime.now(UTC), open('x'))\n"
    module(tree, f"{folder}.planted", text)
    module(tree, "node.planted", text)
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", "--output-format", "concise"]
    pure = subprocess.run([*command, folder], cwd=tree, capture_output=True, text=True, check=False)
    banned = {line.split("`")[1] for line in pure.stdout.splitlines() if "TID251" in line}
    assert banned == {"os", "datetime.datetime.now"}  # `open`, a builtin, is left to test_purity
    other = subprocess.run([*command, "node"], cwd=tree, capture_output=True, text=True, check=False)
    assert other.returncode == 0, other.stdout
