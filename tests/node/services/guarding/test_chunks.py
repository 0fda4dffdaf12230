"""Attachments: their chunks are kept beside the frames, and a document is safe only with them."""

from __future__ import annotations

from pathlib import Path

from node.attachments import AttachmentFiles
from node.services import attachments
from node.services.guarding import patience
from node.services.trade import Submission
from protocol import vault
from protocol.document import attachment
from protocol.document.header import AttachmentRef
from protocol.limits import CHUNK_BYTES
from tests.node.services.guarding.province import Province
from tests.node.services.town import order

CONTENT = b"a drawing " * (CHUNK_BYTES // 7)


def put(province: Province, files: AttachmentFiles, content: bytes) -> AttachmentRef:
    pieces = [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]
    found = files.begin("ab" * 16, province.member, len(content), "application/pdf")
    for at, piece in enumerate(pieces):
        files.put_chunk(found.name, at, piece)
    root = files.finish(found.name)
    house = province.home.town.house
    province.home.town.do(lambda tx: attachments.completed(house, tx, root, len(content), "application/pdf"))
    return AttachmentRef(root, len(content), "application/pdf")


def test_a_document_is_safe_when_its_attachment_is(tmp_path: Path) -> None:
    province = Province(3)
    files = AttachmentFiles(tmp_path)
    ref = put(province, files, CONTENT)
    paper = Submission(to=province.seller, paper=order("A-1"), attachments=(ref,))
    sent = province.home.submit(province.member, paper)
    town = province.home.town
    province.street.wait(3)
    assert not town.see(lambda tx: patience.is_safe(town.house, tx, province.member, sent.id))
    province.home.runtime.guarding.read_chunk = files.read_chunk
    province.home.runtime.guarding.retry(province.guardians[0].id)
    province.home.driver.pump()
    province.street.wait(70)
    assert town.see(lambda tx: patience.is_safe(town.house, tx, province.member, sent.id))
    rows = town.see(lambda tx: tx.guarding.chunks_after(province.member, 0, 100))
    assert len(rows) == attachment.chunk_count(len(CONTENT)) == 2
    key = town.see(lambda tx: tx.wrapped_keys.by_purpose("vault"))[-1].wrapped
    for guardian in province.guardians:
        sealed = [guardian.town.see(lambda tx, n=row.name: tx.wards.chunk(province.member, n)) for row in rows]
        pieces = [vault.open_chunk(key, ref.root, at, item or b"") for at, item in enumerate(sealed)]
        assert b"".join(pieces) == CONTENT
        assert b"a drawing" not in guardian.store.serialize()
