"""Drawings and specifications over the API: publish versions, name readers, see readings; fetch and open versions.

A file comes as an attachment that was uploaded before (in chunks, resumable). Opening answers with the bytes,
after the reading was signed and stored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aiohttp import web
from msgspec import Meta

from node.api.admin.drawings import courier, held, may_of, shelf, shown
from node.api.member.shapes import Answer, Hash, Shape
from node.api.operation import Call, Operation
from node.drawingviews import download, preview
from node.services import addressing, attachments, reading
from node.services.drawings import keeping, receiving
from node.services.drawings.keeping import About
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.drawing.records import How, Kind, May

BYTES = "application/octet-stream"
Allowed = Literal["view", "file", "nothing"]


class DrawingReaderGiven(Shape, frozen=True):
    """``may``: look at marked pages, have the file, nothing any more. ``version``: 0 is the last one."""

    may: Allowed
    version: Annotated[int, Meta(ge=0, le=1000)] = 0


class DrawingNamed(Shape, frozen=True):
    """A firm that may read: member id, corporate number (13 digits), or ``scheme:id``."""

    to: Annotated[str, Meta(min_length=1, max_length=200)]
    may: Literal["view", "file"] = "file"


class DrawingGiven(Shape, frozen=True):
    """``attachment``: root of an upload of this member. ``drawing``: of which it is the next version, if any."""

    attachment: Hash
    number: Annotated[str, Meta(min_length=1, max_length=64)]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    kind: Literal["drawing", "specification"] = "drawing"
    drawing: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""
    readers: Annotated[tuple[DrawingNamed, ...], Meta(max_length=64)] = ()


class OpenQuery(Shape, frozen=True):
    """``how``: marked pages or the file. ``person``: who opens it; the owner reads this name."""

    how: Literal["view", "file"] = "file"
    person: Annotated[str, Meta(max_length=80)] = ""


class ReadingShown(Answer, frozen=True):
    """One opening. ``times``: the how manyth of this version by this firm."""

    times: int
    how: str
    person: str
    time: int


class DrawingReaderShown(Answer, frozen=True):
    """``told``: the reader's node knows; ``deleted``: when it confirmed that nothing is left, 0 not yet."""

    member: str
    name: str
    may: str
    since: int
    told: bool
    deleted: int
    readings: list[ReadingShown]


class DrawingVersionShown(Answer, frozen=True):
    """A version. ``digest``: SHA-256 of the file."""

    hash: str
    drawing: str
    kind: str
    number: str
    title: str
    version: int
    supersedes: str
    size: int
    digest: str
    media_type: str
    name: str
    time: int
    readers: list[DrawingReaderShown]


class DrawingsShown(Answer, frozen=True):
    """The last version of every drawing."""

    drawings: list[DrawingVersionShown]


class DrawingShown(Answer, frozen=True):
    """Every version, the last first."""

    drawing: str
    versions: list[DrawingVersionShown]


class ReceivedDrawing(Answer, frozen=True):
    """A version that another firm let this one read. ``here``: its content has come; ``newer``: a later one."""

    hash: str
    drawing: str
    kind: str
    number: str
    title: str
    version: int
    supersedes: str
    size: int
    digest: str
    media_type: str
    name: str
    time: int
    owner: str
    owner_name: str
    may: str
    since: int
    here: bool
    wanted: bool
    deleted: int
    newer: str
    readings: list[ReadingShown]


class ReceivedDrawings(Answer, frozen=True):
    """The latest first."""

    drawings: list[ReceivedDrawing]


def drawing_of(text: str) -> bytes:
    """A drawing's id in a path; NotFound when it is none."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16 or text != text.lower():
        raise NotFound("drawing", "no such drawing")
    return found


async def listed(call: Call) -> object:
    """GET /v1/drawings."""
    member = call.member
    return {"drawings": await call.read(lambda tx: [shown(tx, one.last) for one in keeping.shelves(tx, member)])}


async def publish(call: Call) -> object:
    """POST /v1/drawings."""
    given: DrawingGiven = call.body
    member, root = call.member, bytes.fromhex(given.attachment)

    def whom(tx: Tx) -> tuple[str, list[tuple[bytes, May]]]:
        try:
            row = attachments.require_readable(tx, member, root)
        except NotFound:
            raise CallerFault("attachment", "an upload of this member") from None
        readers = [(addressing.resolve(tx, one.to, "readers"), may_of(one.may)) for one in given.readers]
        return row.media_type, readers

    media_type, readers = await call.read(whom)
    about = About(Kind(given.kind), given.number, given.title, given.name, media_type.partition(";")[0].lower())
    drawing = bytes.fromhex(given.drawing)
    carrier = courier(call.context)
    version = await carrier.publish(member, drawing, call.context.files.path(root), about)
    if readers:
        await carrier.allow(member, version, readers)
    return await call.read(lambda tx: shown(tx, keeping.look(tx, keeping.require_own(tx, member, version))))


async def show(call: Call) -> object:
    """GET /v1/drawings/{drawing}."""
    member, drawing = call.member, drawing_of(call.path("drawing"))
    return await call.read(lambda tx: shelf(tx, keeping.shelf(tx, member, drawing)))


async def put_reader(call: Call) -> object:
    """PUT /v1/drawings/{drawing}/readers/{partner}."""
    given: DrawingReaderGiven = call.body
    member, drawing, reader = call.member, drawing_of(call.path("drawing")), call.path_hash("partner")

    def which(tx: Tx) -> bytes:
        rows = keeping.require_drawing(tx, member, drawing)
        for row in rows:
            if given.version in (row.number, 0 if row is rows[-1] else -1):
                return row.version
        raise CallerFault("version", "no such version")

    version = await call.read(which)
    await courier(call.context).allow(member, version, [(reader, May(given.may))])
    return await call.read(lambda tx: shelf(tx, keeping.shelf(tx, member, drawing)))


async def received(call: Call) -> object:
    """GET /v1/received-drawings."""
    member = call.member

    def work(tx: Tx) -> list[dict[str, Any]]:
        found = receiving.held(tx, member)
        names = reading.names_of(tx, {one.version.owner for one in found})
        return [held(names, one) for one in found]

    return {"drawings": await call.read(work)}


async def look(call: Call) -> object:
    """GET /v1/received-drawings/{version}."""
    return await _looked(call)


async def _looked(call: Call) -> object:
    member, version = call.member, call.path_hash("version")

    def work(tx: Tx) -> dict[str, Any]:
        found = receiving.look(tx, member, version)
        return held(reading.names_of(tx, {found.version.owner}), found)

    return await call.read(work)


async def fetch(call: Call) -> object:
    """POST /v1/received-drawings/{version}/fetch."""
    version = call.path_hash("version")
    await call.read(lambda tx: receiving.look(tx, call.member, version))
    await courier(call.context).want(call.member, version)
    return await _looked(call)


async def open_version(call: Call) -> object:
    """POST /v1/received-drawings/{version}/open."""
    query: OpenQuery = call.query
    member, version = call.member, call.path_hash("version")
    await call.read(lambda tx: receiving.look(tx, member, version))
    person = query.person or call.principal.label
    how = How(query.how)
    if how is How.VIEW:
        made = await preview(call.context, courier(call.context), member, version, person)
        return web.Response(body=made.body, content_type=made.media_type)
    return await download(call.request, courier(call.context), member, version, person)


OPERATIONS = (
    Operation("GET", "/v1/drawings", "list_drawings", "This member's drawings, each with its last version", listed,
              Scope.READ, answer=DrawingsShown),
    Operation("POST", "/v1/drawings", "publish_drawing", "Publish an upload as a drawing or as its next version",
              publish, Scope.WRITE, body=DrawingGiven, answer=DrawingVersionShown),
    Operation("GET", "/v1/drawings/{drawing}", "read_drawing", "A drawing: versions, readers, readings", show,
              Scope.READ, answer=DrawingShown),
    Operation("PUT", "/v1/drawings/{drawing}/readers/{partner}", "put_drawing_reader",
              "What a firm may do with a version from now on", put_reader, Scope.WRITE, body=DrawingReaderGiven,
              answer=DrawingShown),
    Operation("GET", "/v1/received-drawings", "list_received_drawings", "What other firms let this one read", received,
              Scope.READ, answer=ReceivedDrawings),
    Operation("GET", "/v1/received-drawings/{version}", "read_received_drawing", "One of these", look, Scope.READ,
              answer=ReceivedDrawing),
    Operation("POST", "/v1/received-drawings/{version}/fetch", "fetch_drawing", "Fetch its content; opens nothing",
              fetch, Scope.WRITE, answer=ReceivedDrawing),
    Operation("POST", "/v1/received-drawings/{version}/open", "open_drawing",
              "The file or marked pages; the owner learns who opened it and when", open_version, Scope.WRITE,
              query=OpenQuery, answer_media=BYTES),
)  # fmt: skip
