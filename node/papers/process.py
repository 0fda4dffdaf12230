"""Work that has no place in the node's own process: done by a process of its own, one request at a time.

Owns that process: it is started when it is first needed and ended when it is too slow or dies; it ends itself when
idle, so what it loads costs memory only while it is used. It gets no environment, no open files but its pipes, and
limits on processor time, memory and files. Thread-safe; calls block, so a server calls from an executor. Knows nothing
of what is asked. Source: ``docs/threats.md`` row 14.

Frames on both pipes: 4 bytes of length, then msgpack ``[operation, …]`` in, ``["ok", …]`` or
``[error class, code, field, rule]`` out.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgpack

from protocol.errors import CallerFault, Malformed, TooLarge, WorldFault, YuiError
from protocol.limits import KIB, MAX_DRAWING_PREVIEW_BYTES, MIB

IDLE_SECONDS = 120.0
MAX_FRAME = 2 * MAX_DRAWING_PREVIEW_BYTES + 64 * KIB
_LENGTH = struct.Struct(">I")
_ERRORS: dict[str, type[YuiError]] = {kind.__name__: kind for kind in (Malformed, TooLarge, WorldFault)}


@dataclass(frozen=True)
class Confines:
    """What the process may use: address space, processor seconds of a request, open files, bytes of a file written."""

    memory_bytes: int = 512 * MIB
    cpu_seconds: int = 5
    open_files: int = 16
    file_bytes: int = 0


class Process:
    """Calls into another process that runs ``serve`` of ``module``.

    ``what`` names its work in errors. Malformed when a request takes too long or too much memory, WorldFault when no
    process can be started.
    """

    def __init__(self, module: str, what: str, *, timeout_seconds: float) -> None:
        self._start_code = f"import sys; sys.path.insert(0, sys.argv[1]); from {module} import serve; serve()"
        self._what = what
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._stop()

    def call(self, *request: Any) -> list[Any]:
        """The answer to one request."""
        frame = _frame(request)
        with self._lock:
            fresh = self._start()
            answer = self._exchange(frame)
            if answer is None and not fresh:  # it had ended itself meanwhile
                self._stop()
                self._start()
                answer = self._exchange(frame)
            if answer is None:
                self._stop()
                raise Malformed(f"{self._what}: the document needs more time or memory than any of its kind does")
        return _unwrap(answer)

    def _start(self) -> bool:
        """Make sure there is a process; whether it is a new one."""
        if self._process is not None and self._process.poll() is None:
            return False
        self._stop()
        root = str(Path(__file__).resolve().parents[2])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", self._start_code, root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
            )
        except OSError as broken:
            raise WorldFault(f"no process for {self._what} could be started: {broken.strerror}") from None
        return True

    def _exchange(self, frame: bytes) -> list[Any] | None:
        """The answer, or None when the process died or was too slow."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(frame)
            process.stdin.flush()
            return _receive(process.stdout, time.monotonic() + self._timeout)
        except OSError:
            return None

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


def _frame(content: Any) -> bytes:
    packed: bytes = msgpack.packb(content)
    return _LENGTH.pack(len(packed)) + packed


def _receive(pipe: IO[bytes], deadline: float) -> list[Any] | None:
    head = _read_until(pipe, _LENGTH.size, deadline)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        return None
    content = _read_until(pipe, length, deadline)
    if content is None:
        return None
    answer = msgpack.unpackb(content)
    return answer if isinstance(answer, list) else None


def _read_until(pipe: IO[bytes], size: int, deadline: float) -> bytes | None:
    """``size`` bytes, or None at the end of the pipe or past the deadline."""
    pieces: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while size:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return None
            piece = os.read(pipe.fileno(), size)
            if not piece:
                return None
            pieces.append(piece)
            size -= len(piece)
    return b"".join(pieces)


def _unwrap(answer: list[Any]) -> list[Any]:
    if answer[0] == "ok":
        return answer[1:]
    name, code, field, rule = answer
    if name == "CallerFault":
        raise CallerFault(field, rule, code=code)
    raise _ERRORS.get(name, Malformed)(rule, code=code)


# ---- inside the process -------------------------------------------------------------------------------------------


def answer_requests(perform: Callable[..., list[Any]], confines: Confines) -> None:
    """Answer until the pipe closes or nothing comes for IDLE_SECONDS. Call it when all that is needed is loaded."""
    source, sink = os.fdopen(0, "rb", buffering=0), os.fdopen(1, "wb")
    _confine(confines)
    while True:
        request = _receive(source, time.monotonic() + IDLE_SECONDS)
        if request is None:
            return
        _allow_time(confines.cpu_seconds)
        sink.write(_frame(_answer(perform, request)))
        sink.flush()


def _confine(confines: Confines) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (confines.memory_bytes, confines.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (confines.file_bytes, confines.file_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (confines.open_files, confines.open_files))


def _allow_time(seconds: int) -> None:
    """Processor seconds for the next request: the process is killed when they are used up."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _answer(perform: Callable[..., list[Any]], request: list[Any]) -> list[Any]:
    try:
        return ["ok", *perform(*request)]
    except CallerFault as fault:
        return ["CallerFault", fault.code, fault.field, fault.rule]
    except YuiError as fault:
        return [type(fault).__name__, fault.code, "", str(fault)]
    except (MemoryError, RecursionError):
        return ["TooLarge", "too-large", "", "the document needs more memory than any of its kind does"]
