"""Files that go with a paper while its form is still open: taken over one by one, shown with the form, sent with it.

Owns the fields ``files`` (a browser's choice) and ``attached`` (what was taken over: root and name). A form of a paper
is posted without files, so that a session that ended keeps it; only the button “Attach” posts them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from node.i18n import N_
from node.services import attachments
from node.services.transaction import Tx
from node.web import upload
from node.web.forms import Form
from protocol.document.header import AttachmentRef
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Paper, Reference

if TYPE_CHECKING:
    from node.web.visit import Visit

FILES: Final = "files"
TAKEN: Final = "attached"
DROP: Final = "drop-"
ATTACH: Final = "attach"
MAX_PARTS: Final = 20_000
MAX_FORM_BYTES: Final = 4 * 1024 * 1024
NOT_TAKEN: Final = N_("Press “Attach” so that the file is taken over, or choose none.")
GONE: Final = N_("An attached file is not here any more. Attach it again.")
_TAKEN: Final = re.compile(r"([0-9a-f]{64}):(.{1,120})", re.DOTALL)


class Taken(NamedTuple):
    """A file that was taken over. ``value``: as it travels in the form."""

    root: bytes
    name: str

    @property
    def value(self) -> str:
        """Its hidden field."""
        return f"{self.root.hex()}:{self.name}"


def taken(form: Form) -> list[Taken]:
    """The files of the form, each once, at most as many as go with a paper."""
    found = [match for match in map(_TAKEN.fullmatch, form.all(TAKEN)) if match is not None]
    files = {bytes.fromhex(match[1]): upload.clean(match[2]) for match in found}
    return [Taken(root, name) for root, name in list(files.items())[: upload.MAX_FILES]]


async def receive(visit: Visit) -> Form:
    """The form with the files that the browser sent taken over; what could not be is said beside the field."""
    form, new = await upload.receive(visit, FILES, parts=MAX_PARTS, text_bytes=MAX_FORM_BYTES)
    files = {one.root: one for one in (*taken(form), *(Taken(one.ref.root, one.name) for one in new))}
    if len(files) > upload.MAX_FILES:
        form.wrong(FILES, upload.TOO_MANY, n=upload.MAX_FILES)
    form.values[TAKEN] = [one.value for one in list(files.values())[: upload.MAX_FILES]]
    form.values.pop(FILES, None)
    return form


def drop(form: Form, action: str) -> None:
    """Leave the file out that the button ``action`` names."""
    root = action.removeprefix(DROP)
    form.values[TAKEN] = [one.value for one in taken(form) if one.root.hex() != root]


def require_taken(form: Form) -> None:
    """A file that was chosen and not taken over would be lost without a word."""
    if any(form.all(FILES)):
        form.wrong(FILES, NOT_TAKEN)


def named(form: Form, paper: Paper) -> Paper:
    """The paper with the names of its files."""
    files = taken(form)
    if not files:
        return paper
    kept = tuple(one for one in paper.references if not one.attachment)
    new = (Reference(kind="other", description=one.name, attachment=one.root.hex()) for one in files)
    return replace(paper, references=(*kept, *new))


def refs(tx: Tx, member: bytes, form: Form) -> tuple[AttachmentRef, ...]:
    """The files as the document names them. CallerFault for one that the member neither brought nor holds."""
    try:
        rows = [attachments.require_readable(tx, member, one.root) for one in taken(form)]
    except NotFound:
        raise CallerFault(FILES, GONE) from None
    return tuple(AttachmentRef(row.root, row.size, row.media_type) for row in rows)
