"""Row 14: hostile XML. Nothing is fetched, expanded or half read; the caller learns what is wrong, and where.

Each attack is read in this process and through the worker process that a node uses; afterwards a good order is read.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.papers import ubl
from node.papers.ubl.worker import Worker
from protocol.errors import CallerFault, YuiError
from tests.attacks.xml_attacks import ATTACKS, Attack, plain, with_doctype

GOOD = plain().encode()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    one = Worker()
    yield one
    one.close()


def _judge(attack: Attack, read: Any) -> None:
    if attack.error is None:
        reading = read(attack.make())
        assert "root:" not in str(reading)
        return
    with pytest.raises(YuiError) as caught:
        read(attack.make())
    assert isinstance(caught.value, attack.error), repr(caught.value)
    assert attack.says in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "root:" not in str(caught.value)


def test_there_are_thirty_at_least() -> None:
    assert len(ATTACKS) >= 30


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered(name: str) -> None:
    _judge(ATTACKS[name], ubl.read)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_through_the_worker_is_answered_and_the_next_order_is_read(name: str, worker: Worker) -> None:
    _judge(ATTACKS[name], worker.read)
    assert worker.read(GOOD).body.number == "KY-0007"


def test_nothing_is_asked_of_the_network() -> None:
    """A listening server that every external reference of the attacks names hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        port = server.getsockname()[1]
        for name in ("external entity, http", "external document type", "schema location elsewhere", "XInclude"):
            data = ATTACKS[name].make().replace(b"127.0.0.1:9", f"127.0.0.1:{port}".encode())
            try:
                ubl.write(ubl.read(data).body)
            except YuiError:
                pass
        with pytest.raises(BlockingIOError):
            server.accept()


def test_no_file_is_read_for_a_document(tmp_path: Path) -> None:
    """A named pipe as external entity: opening it would block for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(YuiError, match="document type"):
        ubl.read(with_doctype(f'<!ENTITY x SYSTEM "{pipe.as_uri()}">', "&x;"))


def test_what_was_refused_names_the_element(worker: Worker) -> None:
    for read in (ubl.read, worker.read):
        with pytest.raises(CallerFault) as caught:
            read(ATTACKS["a negative quantity"].make())
        assert caught.value.field == "cac:OrderLine/cac:LineItem/cbc:Quantity"
        assert caught.value.rule == "must not be negative"


def test_entities_do_not_come_out_of_a_refused_document_later() -> None:
    """Two documents in a row: nothing declared in the first is known in the second."""
    with pytest.raises(YuiError):
        ubl.read(with_doctype('<!ENTITY x "leaked">'))
    with pytest.raises(YuiError, match="well-formed"):
        ubl.read(plain().replace("ブラケット 左", "&x;").encode())
