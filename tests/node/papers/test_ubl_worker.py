"""The worker process: same answers, confined, replaceable, and light for the node that owns it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.papers import ubl
from node.papers.ubl import worker as worker_module
from node.papers.ubl.worker import Worker
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MAX_XML_BYTES
from tests.conftest import ROOT
from tests.node.papers.said import OURS, SAMPLES


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    one = Worker()
    yield one
    one.close()


def _process(worker: Worker) -> subprocess.Popen[bytes]:
    assert worker._process is not None
    return worker._process


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_it_answers_as_the_functions_do(worker: Worker, path: Path) -> None:
    data = path.read_bytes()
    reading = worker.read(data)
    assert reading == ubl.read(data)
    assert worker.write(reading.body, reading.personal) == ubl.write(reading.body, reading.personal)
    assert worker.validate(data) == ubl.validate(data)


def test_errors_keep_their_class_field_and_rule(worker: Worker) -> None:
    with pytest.raises(Malformed, match="document type"):
        worker.read(b"<!DOCTYPE a><a/>")
    with pytest.raises(TooLarge, match=str(MAX_XML_BYTES)):
        worker.read(b"x" * (MAX_XML_BYTES + 1))
    with pytest.raises(Malformed, match="not an order response"):
        worker.read((SAMPLES / "order-02-one-line.xml").read_bytes(), "order_response")
    data = (SAMPLES / "order-02-one-line.xml").read_bytes().replace(b">20<", b">-20<")
    with pytest.raises(CallerFault) as caught:
        worker.read(data, "order")
    assert (caught.value.field, caught.value.code) == ("cac:OrderLine/cac:LineItem/cbc:Quantity", "amount")


def test_a_killed_process_is_replaced(worker: Worker) -> None:
    data = (SAMPLES / "order-02-one-line.xml").read_bytes()
    worker.read(data)
    before = _process(worker)
    before.kill()
    before.wait()
    assert worker.read(data).body.number == "KY-0007"
    assert _process(worker).pid != before.pid


def test_a_process_that_stops_answering_is_ended_and_replaced() -> None:
    data = (SAMPLES / "order-02-one-line.xml").read_bytes()
    one = Worker(timeout_seconds=0.3)
    try:
        _warm(one, data)
        stuck = _process(one)
        os.kill(stuck.pid, signal.SIGSTOP)
        start = time.monotonic()
        one._timeout = 0.02  # shorter than any new process needs to start: its replacement cannot answer either
        with pytest.raises(Malformed, match="more time or memory"):
            one.read(data)
        assert time.monotonic() - start < 10
        assert stuck.poll() is not None
        _warm(one, data)
    finally:
        one.close()


def _warm(worker: Worker, data: bytes) -> None:
    """The first document also waits for the schemas, longer than this test's patience."""
    worker._timeout = 20.0
    worker.read(data)
    worker._timeout = 0.3


def test_it_is_confined(worker: Worker) -> None:
    worker.read((SAMPLES / "order-02-one-line.xml").read_bytes())
    proc = Path(f"/proc/{_process(worker).pid}")
    if not proc.exists():
        pytest.skip("no /proc on this system")
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (proc / "limits").read_text().splitlines()}
    assert limits["Max address space"][0] == str(worker_module.MEMORY_BYTES)
    assert limits["Max core file size"][0] == "0"
    assert limits["Max file size"][0] == "0"
    assert limits["Max open files"][0] == str(worker_module.OPEN_FILES)
    assert limits["Max cpu time"][0] != "unlimited"
    assert (proc / "environ").read_bytes() == b"LC_ALL=C.UTF-8\0"


def test_it_has_memory_and_time_for_the_largest_document(worker: Worker) -> None:
    """Within the limits, a document as large as may be is answered, one way or the other."""
    source = (SAMPLES / "order-02-one-line.xml").read_text("utf-8")
    filler = "<cbc:Note>" + "文" * 3_900 + "</cbc:Note>"
    data = source.replace("<cbc:DocumentCurrencyCode", filler * 330 + "<cbc:DocumentCurrencyCode", 1).encode()
    assert MAX_XML_BYTES * 0.9 < len(data) <= MAX_XML_BYTES
    with pytest.raises(TooLarge, match="attach what is large"):
        worker.read(data)


def test_threads_share_one_process(worker: Worker) -> None:
    data = [path.read_bytes() for path in sorted(SAMPLES.glob("*.xml"))]
    found: list[str] = []

    def read(one: bytes) -> None:
        found.append(worker.read(one).body.number)

    threads = [threading.Thread(target=read, args=(one,)) for one in data * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(ubl.read(one).body.number for one in data * 3)


def test_the_node_itself_loads_no_xml_library_and_stays_light() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from node.papers.ubl.worker import Worker\n"
        "worker = Worker()\n"
        "reading = worker.read(open(sys.argv[2], 'rb').read())\n"
        "worker.write(reading.body, reading.personal)\n"
        "worker.close()\n"
        "assert not [name for name in sys.modules if name.startswith(('lxml', 'peppol'))], 'an XML library'\n"
        "import psutil\n"
        "print(psutil.Process().memory_info().rss // 2**20)\n"
    )
    sample = SAMPLES / "order-01-ten-lines.xml"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(ROOT), str(sample)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 60


def test_close_ends_the_process() -> None:
    one = Worker()
    one.read((SAMPLES / "order-02-one-line.xml").read_bytes())
    process = _process(one)
    one.close()
    assert process.poll() is not None
    one.close()
