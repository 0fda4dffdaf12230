"""protocol/ and federation/ are pure, and the check that says so does see violations."""

from pathlib import Path

import pytest

from tests.architecture.purity import findings

ROOT = Path(__file__).resolve().parents[2]
PURE = sorted(path for folder in ("protocol", "federation") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_layers_use_only_what_is_allowed(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    found = findings(name, path.read_text("utf-8"))
    assert not found, "\n".join(f"{name}:{line}: {rule}" for line, rule in found)


PLANTED = {
    "import time": "time",
    "import os.path as p": "os",
    "from asyncio import sleep": "asyncio",
    "import sqlite3": "sqlite3",
    "from pathlib import Path": "pathlib",
    "def f():\n    import socket": "socket",
    "import nacl.utils": "nacl.utils",
    "from nacl.public import SealedBox": "SealedBox",
    "import logging": "logging",
    "from datetime import datetime\nnow = datetime.now()": "clock",
    "import datetime\nd = datetime.date.today()": "clock",
    "import datetime as d\nt = d.datetime.fromtimestamp(0)": "clock",
    "with open('x') as f: pass": "opens a file",
    "read = open": "opens a file",
    "k = hash('a')": "PYTHONHASHSEED",
    "exec('import os')": "runs text",
    "m = __import__('os')": "imports by name",
    "async def f(): pass": "coroutine",
    "n = 0\ndef f():\n    global n\n    n += 1": "hidden state",
    "for x in {1, 2}: pass": "order of a set",
    "y = [x for x in set('ab')]": "order of a set",
    "y = ','.join({'a', 'b'})": "order of a set",
    "y = tuple(set('ab') | {'c'})": "order of a set",
    "y = [*{1, 2}]": "order of a set",
}


@pytest.mark.parametrize(("source", "word"), PLANTED.items())
def test_a_planted_violation_is_found(source: str, word: str) -> None:
    found = findings("federation/planted.py", source)
    assert any(word in rule for _, rule in found), found


@pytest.mark.parametrize(
    "name",
    ["crypto_sign_keypair", "crypto_box_seal", "randombytes", "crypto_secretstream_xchacha20poly1305_init_push"],
)
def test_entropy_inside_libsodium_is_found_even_where_libsodium_is_allowed(name: str) -> None:
    source = f"import nacl.bindings as sodium\nx = sodium.{name}"
    assert [rule for _, rule in findings("protocol/keys.py", source)] == [f"`{name}` draws entropy: pass the bytes"]


def test_libsodium_is_refused_outside_its_one_module() -> None:
    source = "import nacl.bindings as sodium"
    assert findings("protocol/keys.py", source) == []
    assert len(findings("protocol/journal.py", source)) == 1


def test_pure_code_passes() -> None:
    source = (
        "from datetime import date\nimport hashlib\nimport nacl.bindings as sodium\n"
        "def f(items: set[int], now: int) -> list[int]:\n"
        "    sodium.crypto_sign_seed_keypair(bytes(32))\n"
        "    return [x for x in sorted(set(items) | {1})]\n"
    )
    assert findings("protocol/keys.py", source) == []
