"""Admin command: a list from CSV or Excel on behalf of a member, for the command line."""

from __future__ import annotations

from typing import Any

import msgspec

from node.api.admin.command import Ask, Command, local_member, tell
from node.api.admin.documents import member_or_only
from node.api.context import Context
from node.api.member.imports import Columns, content_of, mapping_of, shown
from node.services import addressing, users
from node.services.importing import direct
from node.services.importing.direct import Brought
from node.services.transaction import Tx
from protocol.errors import CallerFault

BY = "yui import"


class FileBrought(Ask, frozen=True, kw_only=True):
    """As the member API's ``POST /v1/imports``. ``user``: whose drafts orders become."""

    kind: str
    name: str
    content: str
    member: str = ""
    mapping: Columns | None = None
    partner: str = ""
    commit: bool = False
    send: bool = False
    user: str = ""
    lang: str = "en"


def bring(context: Context, ask: FileBrought) -> Any:
    """Look at a file, or take it over."""
    data = content_of(ask.content)
    packed = context.tables.read(data, ask.name)
    house = context.house

    def work(tx: Tx) -> tuple[Any, frozenset[bytes]]:
        member = local_member(tx, ask.member) if ask.member else member_or_only(tx, "")
        partner = addressing.resolve_loosely(tx, ask.partner, "partner") if ask.partner else b""
        file = Brought(ask.kind, ask.name, data, packed, mapping_of(ask.kind, ask.mapping), partner)
        user = users.require(tx, member, ask.user).name if ask.user else BY
        seen = direct.look(house, tx, member, user, file)
        if not ask.commit:
            return shown(seen, ask.lang, stored=False), frozenset()
        if ask.kind == "orders" and not (ask.send or ask.user):
            raise CallerFault("user", "state whose drafts the orders become, or send them")
        taken = direct.take(house, tx, member, user, file, send=ask.send)
        return shown(seen, ask.lang, stored=True, orders=taken.orders), taken.news

    answer, news = context.commit(work) if ask.commit else context.store.read(work)
    tell(context, news)
    return msgspec.to_builtins(answer)


COMMANDS = (Command("import.bring", FileBrought, bring, offline=True),)
