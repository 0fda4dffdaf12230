"""docs/operate/cli*.md say what the commands say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("language", "name"), [("en", "cli.md"), ("ja", "cli.ja.md")])
def test_the_page_is_the_one_that_the_commands_make(language: str, name: str) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "cli.reference"],
        cwd=ROOT,
        env={**os.environ, "YUI_LANG": language},
        capture_output=True,
        check=True,
    )
    wanted = made.stdout.decode()
    assert (ROOT / "docs" / "operate" / name).read_text("utf-8") == wanted, (
        f"run: YUI_LANG={language} python -m cli.reference > docs/operate/{name}"
    )


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['yui', '--help']\n"
        "from cli.main import build\n"
        "build(['--help'])\n"
        "heavy = {'aiohttp', 'sqlalchemy', 'msgspec', 'lxml', 'rich', 'nacl', 'cryptography'} & set(sys.modules)\n"
        "sys.exit(f'imported: {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
