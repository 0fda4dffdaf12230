"""Drafts of forms in the pages: what a form is called, kept, opened again, and put away when it was sent.

Owns the hidden fields ``draft`` and ``draft_path`` of a form. What a draft is: ``services.drafts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from node.services import drafts
from node.services.drafts import Draft

if TYPE_CHECKING:
    from node.services.transaction import Tx
    from node.web.forms import Form
    from node.web.visit import Visit

ID: Final = "draft"
PATH: Final = "draft_path"
TITLE: Final = "draft_title"
#: Never kept: of the request, or secret.
LEFT_OUT: Final = frozenset({"csrf", "action", ID, PATH, TITLE, "password", "again", "old", "code", "files"})
MAX_TITLE: Final = 120


def id_of(text: str) -> bytes:
    """The id of a draft in a form or address; empty if it is none."""
    try:
        return bytes.fromhex(text) if len(text) == 32 else b""
    except ValueError:
        return b""


def fields_of(form: Form) -> dict[str, list[str]]:
    """What of a form is kept."""
    return {name: given for name, given in form.values.items() if name not in LEFT_OUT}


async def keep(visit: Visit, form: Form, path: str, title: str = "") -> Draft:
    """Keep a form as it is typed; its id goes into the form."""
    house, who = visit.context.house, visit.who
    member, identity = who.user.member or b"", id_of(form.value(ID))

    def work(tx: Tx) -> Draft:
        return drafts.keep_form(
            house, tx, member, who.user.name, path, fields_of(form), identity=identity, title=title[:MAX_TITLE]
        )

    found = await visit.write(work)
    form.values[ID] = [found.id.hex()]
    return found


async def put_away(visit: Visit, form: Form) -> None:
    """The form was sent: its draft, if it has one, is not needed any more."""
    identity, who = id_of(form.value(ID)), visit.who
    member = who.user.member or b""

    def work(tx: Tx) -> None:
        if any(one.id == identity for one in drafts.mine(tx, member, who.user.name)):
            drafts.drop(tx, member, who.user.name, identity)

    if identity:
        await visit.write(work)
