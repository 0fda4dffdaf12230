"""yui.py: what it installs, when it does not, and that it says so; the whole set-up in the slow test."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, with its environment in a temporary folder."""
    monkeypatch.setenv("YUI_VENV", str(tmp_path / "env"))
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", ROOT / "yui.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ways(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Replaces the installation by a plain venv; the locks installed so far, and whether beside what was there."""
    calls: list[tuple[str, bool]] = []

    def make(lock: Path, venv: Path) -> bool:
        calls.append((lock.name, venv == bootstrap.BESIDE))
        if not venv.exists():
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        return True

    monkeypatch.setattr(bootstrap, "with_uv", make)
    return calls


def test_the_second_start_installs_nothing(bootstrap: ModuleType, ways: list[tuple[str, bool]]) -> None:
    bootstrap.ensure(dev=False)
    bootstrap.ensure(dev=False)
    assert ways == [("requirements.lock", True)]


def test_development_adds_to_what_is_there_and_serves_both(bootstrap: ModuleType, ways: list[tuple[str, bool]]) -> None:
    bootstrap.ensure(dev=False)
    bootstrap.ensure(dev=True)
    bootstrap.ensure(dev=False)
    assert ways == [("requirements.lock", True), ("requirements-dev.lock", False)]


def test_a_changed_lock_or_python_is_installed_anew(
    bootstrap: ModuleType, ways: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.ensure(dev=True)
    marks = bootstrap.wanted(True)
    monkeypatch.setattr(bootstrap, "wanted", lambda dev: marks | {"requirements.lock": "changed"})
    bootstrap.ensure(dev=False)
    monkeypatch.setattr(bootstrap, "wanted", lambda dev: marks | {"python": "3.99"})
    bootstrap.ensure(dev=False)
    assert ways == [("requirements-dev.lock", True)] * 3


def test_an_interrupted_installation_is_done_again(
    bootstrap: ModuleType, ways: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = bootstrap.with_uv

    def interrupted(lock: Path, venv: Path) -> bool:
        make(lock, venv)
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "with_uv", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.ensure(dev=False)
    assert bootstrap.installed() == {}
    monkeypatch.setattr(bootstrap, "with_uv", make)
    bootstrap.ensure(dev=False)
    assert bootstrap.installed() == bootstrap.wanted(False)
    monkeypatch.setattr(bootstrap, "with_uv", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.ensure(dev=True)
    assert bootstrap.installed() == bootstrap.wanted(False)


@pytest.mark.parametrize("changed", ["requirements.lock", "python"])
def test_an_upgrade_that_fails_leaves_what_was_installed(
    bootstrap: ModuleType,
    ways: list[tuple[str, bool]],
    changed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a network an upgrade of the checkout must not take the node's libraries away."""
    bootstrap.ensure(dev=False)
    kept = sorted(path.relative_to(bootstrap.VENV) for path in bootstrap.VENV.rglob("*"))
    marks = bootstrap.wanted(False)
    for name in ("with_uv", "with_venv", "with_outer_pip"):
        monkeypatch.setattr(bootstrap, name, lambda lock, venv: bool(venv.mkdir()))
    monkeypatch.setattr(bootstrap, "wanted", lambda dev: marks | {changed: "other"})
    monkeypatch.setenv("YUI_LANG", "en")
    with pytest.raises(SystemExit):
        bootstrap.ensure(dev=False)
    assert "is as it was" in capsys.readouterr().err
    assert sorted(path.relative_to(bootstrap.VENV) for path in bootstrap.VENV.rglob("*")) == kept
    monkeypatch.setattr(bootstrap, "wanted", lambda dev: marks)
    bootstrap.ensure(dev=False)  # the checkout of before: nothing is asked for, nothing installed
    assert len(ways) == 1


def test_what_was_built_beside_says_its_own_place(bootstrap: ModuleType, ways: list[tuple[str, bool]]) -> None:
    bootstrap.ensure(dev=False)
    named = [path for path in bootstrap.BIN.iterdir() if os.fsencode(bootstrap.BESIDE) in path.read_bytes()]
    assert named == []
    assert not bootstrap.BESIDE.exists()
    prefix = subprocess.run(
        [bootstrap.PYTHON, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert prefix.stdout.strip() == str(bootstrap.VENV)


def test_a_change_of_places_that_broke_off_is_set_right(bootstrap: ModuleType, ways: list[tuple[str, bool]]) -> None:
    bootstrap.ensure(dev=False)
    bootstrap.VENV.rename(bootstrap.AWAY)
    bootstrap.ensure(dev=False)
    assert bootstrap.installed() == bootstrap.wanted(False)
    assert len(ways) == 1


def test_the_next_way_is_tried_from_scratch_and_the_end_is_told(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[tuple[str, bool]] = []
    for name in ("with_uv", "with_venv", "with_outer_pip"):
        monkeypatch.setattr(
            bootstrap, name, lambda lock, venv, name=name: bool(tried.append((name, venv == bootstrap.BESIDE)))
        )
    monkeypatch.setenv("YUI_LANG", "en")
    with pytest.raises(SystemExit) as stop:
        bootstrap.ensure(dev=False)
    assert stop.value.code == 1
    assert tried == [("with_uv", True), ("with_venv", True), ("with_outer_pip", True)]
    assert "set-up failed" in capsys.readouterr().err
    assert not bootstrap.MARKER.exists()


def test_the_project_is_importable_from_the_environment(bootstrap: ModuleType, ways: list[tuple[str, bool]]) -> None:
    bootstrap.ensure(dev=False)
    code = "import protocol, federation, node, cli; print(protocol.__file__)"
    command = [str(bootstrap.PYTHON), "-P", "-c", code]
    result = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True)
    assert Path(result.stdout.strip()) == ROOT / "protocol" / "__init__.py"


def pins(name: str) -> dict[str, str]:
    """Each pinned requirement of a lock, with the text of its hashes."""
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8").strip())
    return dict(block.split(" \\\n", maxsplit=1) for block in blocks)


def test_locks_hold_names_versions_and_hashes_only() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        for line in text.splitlines():
            pin = re.fullmatch(r"[a-z0-9.-]+==[\w.!+]+( ; [\w .'<>=()!]+)? \\", line)
            digest = re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)
            assert pin or digest, f"{name}: {line!r}"


def test_the_development_lock_holds_the_very_pins_of_the_other() -> None:
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name.split(" ;")[0] for name in runtime} <= {name.split(" ;")[0] for name in development}
    assert all(development[name] == hashes for name, hashes in runtime.items() if name in development)


def test_an_old_python_is_told_what_is_needed() -> None:
    """Everything above the version check must parse and run on Pythons that are too old."""
    head = (ROOT / "yui.py").read_text("utf-8").split("import contextlib")[0]
    code = f"import sys; sys.version_info = (3, 9, 2)\n{head}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "3.11" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_set_up_without_uv_then_again_without_any_network(tmp_path: Path) -> None:
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "uv").exists())
    env = os.environ | {"YUI_VENV": str(tmp_path / "env"), "PATH": path}
    command = [sys.executable, str(ROOT / "yui.py"), "setup"]
    first = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr[-2000:]
    nowhere = "http://127.0.0.1:9"
    env |= {"PIP_INDEX_URL": nowhere, "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "PIP_NO_CACHE_DIR": "1"}
    second = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stderr) == (0, "")
    code = "import aiohttp, nacl.bindings, sqlite_utils, lxml.etree, zeroconf, mypy, pytest, protocol"
    subprocess.run([tmp_path / "env" / "bin" / "python", "-c", code], cwd=tmp_path, check=True)
