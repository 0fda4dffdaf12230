#!/usr/bin/env python3
"""Set-up and start, with the standard library only: `python3 yui.py demo|test|<any yui command>`.

Owns: the project's virtual environment (.venv, or the folder that YUI_VENV names), the hash-locked installation into
it, and the steps of `test`. Must not know: anything of the four packages but that `cli.main:main` is the command.
The second start needs no network: a marker in the environment says what was installed.
"""

import os
import sys

if sys.version_info < (3, 11):  # above everything that an older Python could not run
    sys.exit("Yui needs Python 3.11 or newer / Python 3.11 以上が必要です: " + sys.version.split()[0])

import contextlib
import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("YUI_VENV") or ROOT / ".venv").absolute()
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
MARKER = VENV / "yui-installed.json"
BESIDE = VENV.with_name(f"{VENV.name}.new")  # where another one is built
AWAY = VENV.with_name(f"{VENV.name}.old")  # the one before, while they change places
PACKAGES = ("protocol", "federation", "node", "cli")
RUNTIME_LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"

USAGE = """\
python3 yui.py COMMAND …

  demo, init, serve, …     any command of yui (first start: sets up .venv)
  test [--all] [ARG …]     every check and test; --all adds the slow ones; ARG goes to pytest
  setup                    only set up .venv for development
  translate                extract messages, update and compile node/locale
  lock                     remake the two lock files (needs uv)
"""


# --- what we say ------------------------------------------------------------------------------------------------


def in_japanese() -> bool:
    """Whether the person reads Japanese: YUI_LANG, else the locale."""
    names = ("YUI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((os.environ[name] for name in names if os.environ.get(name)), "").startswith("ja")


def say(english: str, japanese: str) -> None:
    """One line on standard error: standard output belongs to the command that is started."""
    print("yui: " + (japanese if in_japanese() else english), file=sys.stderr, flush=True)


def stop(english: str, japanese: str) -> None:
    """Say why, and end with exit code 1."""
    say(english, japanese)
    raise SystemExit(1)


# --- the environment --------------------------------------------------------------------------------------------


def wanted(dev: bool) -> dict[str, str]:
    """What the marker must say: the Python line (3.11) and the SHA-256 of each lock that is installed."""
    locks = (RUNTIME_LOCK, DEV_LOCK) if dev else (RUNTIME_LOCK,)
    marks = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in locks}
    return marks | {"python": f"{sys.version_info[0]}.{sys.version_info[1]}"}


def installed() -> dict[str, str]:
    """What the marker says; empty when there is no usable environment."""
    try:
        marks = json.loads(MARKER.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return marks if isinstance(marks, dict) and PYTHON.exists() else {}


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold a file lock, so that two first starts at once do not install over each other (POSIX)."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with (VENV.parent / f"{VENV.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure(dev: bool) -> None:
    """Make the environment hold what its locks say; touches neither disk nor network when it already does.

    Tools for development are added in place. Anything else is built beside the environment and takes its place when it
    is whole: without a network what is there goes on working, and a node that runs loses nothing under its feet.
    """
    if wanted(dev).items() <= installed().items():
        return
    with only_one():
        set_right()
        before, want = installed(), wanted(dev)
        if want.items() <= before.items():
            return
        began = time.monotonic()
        say(f"setting up {VENV} (once)", f"{VENV} を準備しています(初回のみ)")
        lock = DEV_LOCK if dev or DEV_LOCK in before else RUNTIME_LOCK
        if wanted(False).items() <= before.items() and DEV_LOCK not in before:
            install(lock, VENV)
        else:
            install(lock, BESIDE)
            swap()
        link_project()
        write_marker(wanted(lock == DEV_LOCK))
        seconds = time.monotonic() - began
        say(f"ready after {seconds:.0f} s", f"準備ができました({seconds:.0f} 秒)")


def write_marker(marks: dict[str, str]) -> None:
    """Say what is installed; whole or not at all."""
    part = MARKER.with_suffix(".part")
    part.write_text(json.dumps(marks, indent=1) + "\n", "utf-8")
    part.replace(MARKER)


def set_right() -> None:
    """What a swap that was broken off between its two steps left: the environment before it."""
    if AWAY.exists() and not VENV.exists():
        AWAY.rename(VENV)


def swap() -> None:
    """The environment that was built beside takes its place; what names its first folder is told the other."""
    folder = BESIDE / BIN.name
    for path in [BESIDE / "pyvenv.cfg", *folder.iterdir()]:
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if os.fsencode(BESIDE) in data:
                path.write_bytes(data.replace(os.fsencode(BESIDE), os.fsencode(VENV)))
    shutil.rmtree(AWAY, ignore_errors=True)
    if VENV.exists():
        VENV.rename(AWAY)
    BESIDE.rename(VENV)
    shutil.rmtree(AWAY, ignore_errors=True)


def python_of(venv: Path) -> Path:
    """The interpreter of an environment."""
    return venv / BIN.name / PYTHON.name


def install(lock: str, venv: Path) -> None:
    """Install a lock by the first way that works: uv, venv with its own pip, venv with this Python's pip.

    Into ``VENV``: what it adds. Into ``BESIDE``: an environment of its own.
    """
    for way in (with_uv, with_venv, with_outer_pip):
        if venv == BESIDE:
            shutil.rmtree(BESIDE, ignore_errors=True)
        if way(ROOT / lock, venv):
            return
    kept = bool(installed())
    stop(
        "set-up failed; see above. Needed: the package index or a mirror, and one of uv, python3-venv, python3-pip"
        + (f". What was installed before is as it was: {VENV}" if kept else ""),
        "準備に失敗しました(上の出力を参照)。配布元への接続と uv・python3-venv・python3-pip のどれかが必要です"
        + (f"。これまでの環境はそのまま残っています: {VENV}" if kept else ""),
    )


def run(*command: object, env: dict[str, str] | None = None, quiet: bool = False) -> bool:
    """Run a set-up command, its output on standard error; True when it ended well."""
    out = subprocess.DEVNULL if quiet else sys.stderr
    err = subprocess.DEVNULL if quiet else None
    words = [str(word) for word in command]
    return subprocess.run(words, check=False, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err).returncode == 0


def with_uv(lock: Path, venv: Path) -> bool:
    """uv, never letting it fetch a Python of its own."""
    uv = shutil.which("uv")
    if uv is None:
        return False
    env = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    if not venv.exists() and not run(uv, "venv", "--quiet", "--python", sys.executable, venv, env=env):
        return False
    # compiled, as pip does by itself: else every process compiles the libraries again, two seconds and 20 MB each time
    words = ("--quiet", "--require-hashes", "--compile-bytecode")
    return run(uv, "pip", "sync", *words, "--python", python_of(venv), lock, env=env)


PIP_INSTALL = ("install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r")


def with_venv(lock: Path, venv: Path) -> bool:
    """The standard venv with its bundled pip; where Debian split ensurepip off, this ends early."""
    if not venv.exists() and not run(sys.executable, "-m", "venv", venv, quiet=True):
        return False
    return run(python_of(venv), "-m", "pip", *PIP_INSTALL, lock)


def with_outer_pip(lock: Path, venv: Path) -> bool:
    """A venv without pip, filled by this Python's pip (22.3 or newer): no ensurepip, no PEP 668 override."""
    if not venv.exists() and not run(sys.executable, "-m", "venv", "--without-pip", venv):
        return False
    return run(sys.executable, "-m", "pip", "--python", python_of(venv), *PIP_INSTALL, lock)


def link_project() -> None:
    """Make the four packages importable and put a `yui` command into the environment."""
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([str(PYTHON), "-c", query], capture_output=True, text=True, check=True).stdout.strip()
    # relative where it can be: the folder may be moved, or seen under another name in a container
    path = os.path.relpath(ROOT, site) if Path(site).is_relative_to(ROOT) else str(ROOT)
    (Path(site) / "yui-project.pth").write_text(f"{path}\n", "utf-8")
    command = BIN / "yui"
    command.write_text(f"#!{PYTHON}\nimport sys\n\nfrom cli.main import main\n\nsys.exit(main())\n", "utf-8")
    command.chmod(0o755)


def replace_by(*command: object) -> int:
    """Become the command (POSIX), or run it and give its exit code."""
    words = [str(word) for word in command]
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(words[0], words)
    return subprocess.run(words, check=False).returncode


# --- the commands -----------------------------------------------------------------------------------------------


def test(arguments: list[str]) -> int:
    """Run every check and the tests, one after the other; 1 when any of them fails."""
    ensure(dev=True)
    slow = "--all" in arguments
    rest = [argument for argument in arguments if argument != "--all"]
    python = str(PYTHON)
    marks = [] if slow else ["-m", "not slow"]
    steps = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy", "--strict", *(part for name in PACKAGES for part in ("-p", name))],
        "lint-imports": [python, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        "pytest": [python, "-m", "pytest", "-n", "2", "--dist", "worksteal", *marks, *rest],
    }
    results = {name: step(name, command) for name, command in steps.items()}
    print()
    for name, (code, seconds) in results.items():
        print(f"{'ok    ' if code == 0 else 'FAILED'}  {name:<14} {seconds:7.1f} s")
    return int(any(code for code, _ in results.values()))


def step(name: str, command: list[str]) -> tuple[int, float]:
    """Run one step of `test` in the project's folder; its exit code and its duration in seconds."""
    print(f"\n=== {name}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
    return code, time.monotonic() - began


def lock() -> int:
    """Remake both lock files: names, versions and hashes, for every Python and system that we name."""
    uv = shutil.which("uv")
    if uv is None:
        stop("`lock` needs uv", "`lock` には uv が必要です")
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header"]
    options += ["--no-emit-index-url", "--no-emit-find-links", "--quiet", *sys.argv[2:]]
    compile_ = [str(uv), "pip", "compile", *options, "pyproject.toml", "-o"]
    subprocess.run([*compile_, RUNTIME_LOCK], cwd=ROOT, check=True)
    # constrained: the development lock holds the very versions of the other one
    subprocess.run([*compile_, DEV_LOCK, "--group", "dev", "-c", RUNTIME_LOCK], cwd=ROOT, check=True)
    return 0


def main(arguments: list[str]) -> int:
    """Do what the first argument says; the exit code."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the demo and the tests start many processes: compile once
    first = arguments[0] if arguments else "--help"
    if first in ("-h", "--help", "help") and not installed():
        print(USAGE, end="")
        return 0
    if first == "test":
        return test(arguments[1:])
    if first == "lock":
        return lock()
    if first == "setup":
        ensure(dev=True)
        return 0
    if first == "translate":
        ensure(dev=True)
        return replace_by(PYTHON, "-m", "node.locale.update", *arguments[1:])
    ensure(dev=False)
    return replace_by(PYTHON, BIN / "yui", *(arguments or ["--help"]))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Japanese must not end us
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
