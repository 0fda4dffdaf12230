"""The exit codes of every command. Owns the numbers: scripts rely on them (docs/operate/cli.md)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's end means."""

    OK = 0
    REFUSED = 1  # the node, or the state of things, does not allow it; or it failed
    USAGE = 2  # unknown command or option
    UNREACHABLE = 3  # no node is running here, or something outside does not answer
    BAD_INPUT = 4  # a file or value that was given is wrong; the message names field and rule
    NOT_VERIFIED = 5  # a proof, a backup or a chain does not hold


class Failure(Exception):
    """Ends a command: ``code`` is its exit code, ``problem`` what a program is shown with ``--json``."""

    def __init__(self, code: Exit, message: str, problem: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.problem = problem or {"code": code.name.lower().replace("_", "-"), "detail": message}
