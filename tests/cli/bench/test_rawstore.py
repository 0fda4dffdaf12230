"""The count from raw files: what it finds in real stores, and that each damage to them is found."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgpack
import pytest

from cli.bench import rawstore
from node.services.trade import Submission
from tests.node.services.town import order, two_towns

ORDERS = 5


class Files(NamedTuple):
    """Two stores on disk, and the ids that the sender's API would have acknowledged."""

    sender: Path
    receiver: Path
    ids: list[bytes]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Five orders sent, delivered and receipted."""
    toyota, kyoto, buyer, seller = two_towns()
    sent = [toyota.submit(buyer, Submission(seller, order(f"PO-{at}")))[0].id for at in range(ORDERS)]
    toyota.send_all(kyoto)
    found = Files(tmp_path / "a.db", tmp_path / "b.db", sent)
    toyota.store.backup(found.sender)
    kyoto.store.backup(found.receiver)
    return found


def change(path: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    """Damage a store behind everybody's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement, values if "?" in statement else ())


def test_shares_no_code_with_the_node() -> None:
    tree = ast.parse(Path(rawstore.__file__).read_text("utf-8"))
    imported = {
        alias.name.split(".")[0] for item in ast.walk(tree) if isinstance(item, ast.Import) for alias in item.names
    }
    imported |= {str(item.module).split(".")[0] for item in ast.walk(tree) if isinstance(item, ast.ImportFrom)}
    assert imported <= {
        "__future__",
        "collections",
        "contextlib",
        "hashlib",
        "msgpack",
        "pathlib",
        "sqlite3",
        "typing",
        "urllib",
    }


def test_everything_is_found_once(files: Files) -> None:
    counted = rawstore.account(*files)
    assert counted == rawstore.Account(ORDERS, ORDERS, [], [], [], [])
    assert (counted.lost, counted.duplicated) == (0, 0)
    assert rawstore.undelivered(*files) == []
    assert rawstore.is_sound(files.sender)
    assert rawstore.is_sound(files.receiver)


POSITION = "(SELECT position FROM documents WHERE id = ?)"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM documents WHERE id = ?",
        f"DELETE FROM holdings WHERE document = {POSITION} AND direction = 'received'",
        f"UPDATE holdings SET verdict = 'held' WHERE document = {POSITION} AND direction = 'received'",
        "DELETE FROM journal WHERE object = ? AND kind = 'received'",
    ],
)
def test_a_receipted_document_that_is_not_there_is_lost(files: Files, statement: str) -> None:
    change(files.receiver, statement, values=(files.ids[2],))
    counted = rawstore.account(*files)
    assert counted.lost_at_receiver == [files.ids[2]]
    assert counted.lost_at_sender == []
    assert rawstore.undelivered(*files) == [files.ids[2]]


def test_an_acknowledged_document_that_the_sender_lacks_is_lost(files: Files) -> None:
    change(files.sender, "DELETE FROM documents WHERE id = ?", values=(files.ids[0],))
    assert rawstore.account(*files).lost_at_sender == [files.ids[0]]
    assert rawstore.account(files.sender, files.receiver, [*files.ids, bytes(32)]).lost == 2


def test_a_changed_byte_is_damage_and_loss(files: Files) -> None:
    change(
        files.receiver,
        f"UPDATE parts SET content = CAST(content || x'00' AS BLOB) WHERE slot / 8 = {POSITION}",
        values=(files.ids[1],),
    )
    counted = rawstore.account(*files)
    assert counted.damaged == [files.ids[1]] == counted.lost_at_receiver
    change(files.sender, "UPDATE documents SET header = x'90' WHERE id = ?", values=(files.ids[3],))
    assert rawstore.account(*files).damaged == [files.ids[3], files.ids[1]]


def test_a_document_entered_twice_is_a_duplicate(files: Files) -> None:
    copied = (
        "INSERT INTO journal SELECT member, epoch, seq + 100, previous, kind, object, verdict, hash, time FROM journal"
    )
    change(files.receiver, f"{copied} WHERE object = ? AND kind = 'received'", values=(files.ids[4],))
    assert rawstore.account(*files).doubled == [files.ids[4]]


def test_one_number_in_two_documents_is_a_duplicate() -> None:
    key = (b"a", b"b", "order", "PO-1", 0)
    twice = rawstore.Held({b"1": "PO-1", b"2": "PO-1"}, rawstore.Counter({key: 2}), rawstore.Counter(), [])
    assert rawstore._doubled(twice) == [b"2"]


def test_only_stored_receipts_that_say_applied_count(files: Files) -> None:
    def rewrite(edit: Callable[[list[object]], None]) -> None:
        with closing(sqlite3.connect(files.sender)) as connection, connection:
            for row, wire in connection.execute("SELECT id, wire FROM receipts").fetchall():
                outer = msgpack.unpackb(wire)
                for leaf in outer[3]:
                    edit(leaf)
                connection.execute("UPDATE receipts SET wire = ? WHERE id = ?", (msgpack.packb(outer), row))

    rewrite(lambda leaf: leaf.__setitem__(4, "waiting"))
    assert rawstore.account(*files).receipted == 0
    assert len(rawstore.undelivered(*files)) == ORDERS


def test_reading_changes_nothing(files: Files) -> None:
    with closing(rawstore.connect(files.sender)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM documents")


def test_what_waits_for_a_receipt_is_pending(files: Files) -> None:
    with closing(rawstore.connect(files.sender)) as store:
        assert rawstore.pending(store) == 0
        assert rawstore.arrivals(store) > 0
    change(files.sender, "UPDATE outgoing SET verdict = NULL WHERE document IS NOT NULL")
    with closing(rawstore.connect(files.sender)) as store:
        assert rawstore.pending(store) == ORDERS


def test_what_is_not_indexed_is_lag(files: Files) -> None:
    change(files.sender, "DELETE FROM meta WHERE key = 'search.indexed'")
    with closing(rawstore.connect(files.sender)) as store:
        assert rawstore.index_lag(store) == ORDERS
    change(files.sender, "INSERT INTO meta SELECT 'search.indexed', CAST(max(position) - 2 AS BLOB) FROM documents")
    with closing(rawstore.connect(files.sender)) as store:
        assert rawstore.index_lag(store) == 2
