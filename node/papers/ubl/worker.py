"""UBL in a process of its own: a node never parses a stranger's XML in the process that holds its keys.

:class:`Worker` starts the process when it is first needed, hands it one document at a time and ends it when it is too
slow or dies; the process ends itself when idle, so the schemas cost memory only while they are used. The process gets
no environment, no open files but its pipes, and limits on processor time, memory and files. Thread-safe; calls block,
so a server calls from an executor. Source: ``docs/threats.md`` row 14.

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
from pathlib import Path
from typing import IO, Any

import msgpack

from node.papers.ubl.reading import Finding, Reading
from protocol.errors import CallerFault, Malformed, TooLarge, WorldFault, YuiError
from protocol.limits import KIB, MAX_DOCUMENT_BYTES, MAX_XML_BYTES, MIB
from protocol.process.trade import papers
from protocol.process.trade.papers import Order, OrderResponse, Personal

MEMORY_BYTES = 512 * MIB  # address space of the process
CPU_SECONDS = 5  # of one document
TIMEOUT_SECONDS = 20.0  # of one document, on the clock
IDLE_SECONDS = 120.0
OPEN_FILES = 16
_MAX_FRAME = MAX_XML_BYTES + 4 * MAX_DOCUMENT_BYTES + 64 * KIB
_LENGTH = struct.Struct(">I")
_START = "import sys; sys.path.insert(0, sys.argv[1]); from node.papers.ubl.worker import serve; serve()"


class Worker:
    """Reads and writes UBL in another process. Same errors as :mod:`node.papers.ubl`; Malformed when a document takes
    too long or too much memory, WorldFault when no process can be started."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, xml: bytes, type: str = "") -> Reading:
        """The paper in a UBL document; ``type`` (``order``, ``order_response``) refuses any other."""
        if len(xml) > MAX_XML_BYTES:
            raise TooLarge(f"XML of {len(xml)} bytes, the limit is {MAX_XML_BYTES}")
        kind, body, personal, warnings = self._call("read", xml, type)
        paper: Any = papers.decode(kind, papers.VERSION, body)
        return Reading(paper, papers.decode_personal(personal), tuple(Finding(*one) for one in warnings))

    def write(self, body: Order | OrderResponse, personal: Personal | None = None) -> bytes:
        """The UBL document of a paper."""
        kind = papers.TYPE_OF[type(body)]
        (xml,) = self._call("write", kind, papers.encode(body), papers.encode(personal or Personal()))
        return bytes(xml)

    def validate(self, xml: bytes) -> list[Finding]:
        """What is not valid UBL 2.1."""
        if len(xml) > MAX_XML_BYTES:
            raise TooLarge(f"XML of {len(xml)} bytes, the limit is {MAX_XML_BYTES}")
        (findings,) = self._call("validate", xml)
        return [Finding(*one) for one in findings]

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._stop()

    def _call(self, *request: Any) -> list[Any]:
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
                raise Malformed("the document needs more time or memory than any order does")
        return _unwrap(answer)

    def _start(self) -> bool:
        """Make sure there is a process; whether it is a new one."""
        if self._process is not None and self._process.poll() is None:
            return False
        self._stop()
        root = str(Path(__file__).resolve().parents[3])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
            )
        except OSError as broken:
            raise WorldFault(f"no process for UBL could be started: {broken.strerror}") from None
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
    if length > _MAX_FRAME:
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


_ERRORS: dict[str, type[YuiError]] = {"Malformed": Malformed, "TooLarge": TooLarge}


def _unwrap(answer: list[Any]) -> list[Any]:
    if answer[0] == "ok":
        return answer[1:]
    name, code, field, rule = answer
    if name == "CallerFault":
        raise CallerFault(field, rule, code=code)
    raise _ERRORS.get(name, Malformed)(rule, code=code)


# ---- inside the process -------------------------------------------------------------------------------------------


def serve() -> None:
    """Answer requests until the pipe closes or nothing comes for IDLE_SECONDS. Runs in the other process."""
    from node.papers.ubl import document, schema

    source, sink = os.fdopen(0, "rb", buffering=0), os.fdopen(1, "wb")
    schema.grammar()
    for tag in document.KINDS:
        schema.compiled(tag)
    _confine()
    while True:
        request = _receive(source, time.monotonic() + IDLE_SECONDS)
        if request is None:
            return
        _allow_time()
        sink.write(_frame(_answer(request)))
        sink.flush()


def _confine() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def _allow_time() -> None:
    """Processor seconds for the next document: the process is killed when they are used up."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _answer(request: list[Any]) -> list[Any]:
    try:
        return ["ok", *_perform(*request)]
    except CallerFault as fault:
        return ["CallerFault", fault.code, fault.field, fault.rule]
    except YuiError as fault:
        return [type(fault).__name__, fault.code, "", str(fault)]
    except (MemoryError, RecursionError):
        return ["TooLarge", "too-large", "", "the document needs more memory than any order does"]


def _perform(operation: str, *arguments: Any) -> list[Any]:
    from node.papers.ubl import document

    if operation == "read":
        xml, kind = arguments
        reading = document.read(xml, document.BY_TYPE[kind] if kind else None)
        name = papers.TYPE_OF[type(reading.body)]
        return [name, papers.encode(reading.body), papers.encode(reading.personal), [*map(list, reading.warnings)]]
    if operation == "write":
        kind, body, personal = arguments
        paper: Any = papers.decode(kind, papers.VERSION, body)
        return [document.write(paper, papers.decode_personal(personal))]
    return [[list(finding) for finding in document.validate(arguments[0])]]
