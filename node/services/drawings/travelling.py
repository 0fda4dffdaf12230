"""What of drawings travels between nodes: words to readers, facts to owners, pieces to whoever may have them.

Owns the wrapping message ``["yui/drawing-post/1", body, [history]]`` and what its bodies mean. When anything is sent is
:mod:`node.drawings`. Source: ``docs/protocol.md`` §22.5.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from node.services import members
from node.services.drawings import receiving
from node.services.house import House
from node.store import Tx
from protocol import canon, shape
from protocol.errors import Malformed, PeerFault
from protocol.limits import MAX_HISTORY_BYTES, MAX_RECORD_BYTES
from protocol.process.drawing import content, records

POST_TAG: Final = "yui/drawing-post/1"
GIVEN_TAG: Final = "yui/drawing-given/1"
ASK_TAG: Final = "yui/drawing-ask/1"
PATH: Final = "/peer/v1/drawing"
MAX_BODY_BYTES: Final = 4 * MAX_RECORD_BYTES + MAX_HISTORY_BYTES
MAX_HISTORIES: Final = 2
MAX_PIECES: Final = 2_048
AT_ONCE: Final = 200  # words and facts looked at in one pass
NOTHING: Final = canon.encode(None)


class Word(NamedTuple):
    """Something to bring to another node. ``version`` and ``grant``, or ``fact``: what is told when it was brought."""

    node: bytes
    body: bytes
    version: bytes = b""
    grant: bytes = b""
    fact: bytes = b""


class Piece(NamedTuple):
    """A piece that a peer may have: of the sealed content with this root and length."""

    root: bytes
    size: int
    place: int


class Fetching(NamedTuple):
    """A version whose content is to be fetched from ``node``, in the name of ``reader``."""

    version: bytes
    owner: bytes
    reader: bytes
    node: bytes
    root: bytes
    size: int


def wrap(body: bytes, histories: Iterable[bytes] = ()) -> bytes:
    """What is posted."""
    return canon.encode((POST_TAG, body, tuple(histories)))


def ask(version: bytes, reader: bytes, index: int) -> bytes:
    """The question for one piece."""
    return wrap(canon.encode((ASK_TAG, version, reader, index)))


# --- what comes


def unwrap(data: bytes) -> tuple[bytes, list[bytes], bool]:
    """Body, histories, and whether it asks for a piece."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), POST_TAG, 3)
    found = shape.array(raw[2], "histories", MAX_HISTORIES)
    histories = [shape.binary(each, "histories", MAX_HISTORY_BYTES) for each in found]
    body = shape.binary(raw[1], "body", 4 * MAX_RECORD_BYTES)
    inner = canon.decode(body, max_bytes=4 * MAX_RECORD_BYTES)
    if type(inner) is not list or not inner or type(inner[0]) is not str:
        raise Malformed("body: not a message of drawings")
    return body, histories, inner[0] == ASK_TAG


def asked(tx: Tx, node: bytes, body: bytes) -> Piece:
    """The piece that ``node`` asks for. NotFound unless the version's owner lets this node have it."""
    raw = shape.record(canon.decode(body), ASK_TAG, 4)
    version, reader = shape.hash32(raw[1], "version"), shape.hash32(raw[2], "reader")
    index = shape.integer(raw[3], "index", 0, MAX_PIECES - 1)
    found = receiving.may_fetch(tx, version, reader, node)
    return Piece(found.root, content.sealed_size(found.size), index)


def receive(house: House, tx: Tx, body: bytes, histories: Iterable[bytes]) -> bytes:
    """Take words of an owner, or a fact of a reader."""
    for history in histories:
        with contextlib.suppress(PeerFault):
            members.learn_history(house, tx, history)
    raw = canon.decode(body, max_bytes=4 * MAX_RECORD_BYTES)
    if raw[0] == records.SIGNED_TAG:
        receiving.take_fact(house, tx, body)
        return NOTHING
    raw = shape.record(raw, GIVEN_TAG, 3)
    version, grant = (shape.binary(each, "given", 2 * MAX_RECORD_BYTES) for each in raw[1:])
    receiving.take_given(house, tx, version, grant)
    return NOTHING


# --- what goes


def words(house: House, tx: Tx) -> list[Word]:
    """What other nodes have still to be told."""
    found: list[Word] = []
    for grant in tx.drawings.untold_grants(AT_ONCE):
        row = tx.drawings.get(grant.version)
        if row is None or grant.node == house.id:
            continue
        body = canon.encode((GIVEN_TAG, row.data, grant.data))
        post = wrap(body, [members.history(house, tx, row.owner)])
        found.append(Word(grant.node, post, grant.version, grant.grant_hash))
    for fact in tx.drawings.untold_facts(AT_ONCE):
        row = tx.drawings.get(fact.version)
        home = receiving.owner_home(house, tx, row.owner) if row is not None else b""
        if home == house.id:
            found.append(Word(home, b"", fact=fact.fact))
        elif home:
            found.append(Word(home, wrap(fact.data, [members.history(house, tx, fact.reader)]), fact=fact.fact))
    return found


def told(tx: Tx, word: Word) -> None:
    """It was brought."""
    if word.fact:
        tx.drawings.fact_told(word.fact)
    else:
        tx.drawings.grant_told(word.version, word.grant)


def fetchings(house: House, tx: Tx, limit: int) -> list[Fetching]:
    """Whose content is to be fetched, and from where."""
    found = []
    for row in tx.drawings.wanted(limit):
        version = records.unsigned(row.data)
        assert isinstance(version, records.Version)
        given = [one for one in tx.drawings.grants(row.version) if one.may != "nothing" and one.node == house.id]
        home = receiving.owner_home(house, tx, row.owner)
        if given and home not in (b"", house.id):
            size = content.sealed_size(version.size)
            found.append(Fetching(row.version, row.owner, given[0].reader, home, version.root, size))
    return found
