"""Proofs over the API: a document with everything that proves it, for `yui document verify` on any machine."""

from __future__ import annotations

from aiohttp import web

from node.api.operation import Call, Operation
from node.services import proof, reading
from node.services.policy import Scope
from node.services.transaction import Tx

MEDIA_TYPE = "application/vnd.yui-proof+msgpack"


async def export(call: Call) -> object:
    """GET /v1/documents/{document}/proof."""
    document, member, house = call.path_hash("document"), call.member, call.context.house

    def work(tx: Tx) -> bytes:
        reading.require(tx, member, document)
        return proof.export(house, tx, member, document)

    name = f'attachment; filename="{document.hex()[:12]}.yui-proof"'
    return web.Response(body=await call.read(work), content_type=MEDIA_TYPE, headers={"Content-Disposition": name})


OPERATIONS = (
    Operation(
        "GET",
        "/v1/documents/{document}/proof",
        "export_proof",
        "The document, its author's key history and the receipt in one file that proves itself",
        export,
        Scope.READ,
        answer_media=MEDIA_TYPE,
    ),
)
