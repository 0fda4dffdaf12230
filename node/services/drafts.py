"""Forms half filled in: kept per user, versioned, so that nothing is lost when a session ends in the middle.

Owns drafts and handing them to a colleague. What a form holds is the form's; here it is JSON of bounded size. Forms of
pages are kept as ``{"fields": {name: [values]}}`` under the path of their page, also one that came after its session
had ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from node.services.house import House
from node.services.tokens import hash_of
from node.store import DraftRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Paper

FRESH: Final = "fresh"  # field of a draft whose page fills the form in
MAX_BYTES: Final = 512 * 1024
MAX_DRAFTS: Final = 200  # of one user
KEEP_US: Final = 180 * 24 * 3600 * 1_000_000
MAX_FORM_CHARS: Final = 200
CHANGED: Final = "changed-meanwhile"


class Draft(NamedTuple):
    """A draft. ``data``: the form's own JSON; ``partner`` and ``thread`` may be empty; ``updated`` in µs."""

    id: bytes
    user: str
    form: str
    partner: bytes
    thread: bytes
    title: str
    version: int
    updated: int
    data: bytes


def save(
    house: House,
    tx: Tx,
    member: bytes,
    user: str,
    form: str,
    data: bytes,
    *,
    identity: bytes = b"",
    version: int | None = None,
    partner: bytes = b"",
    thread: bytes = b"",
    title: str = "",
) -> Draft:
    """Keep a draft; without ``identity`` a new one.

    ``version``: the one that the writer had before it; CallerFault ``changed-meanwhile`` if there is a later one (the
    same form in two windows). NotFound for a draft of somebody else.
    """
    if len(data) > MAX_BYTES:
        raise CallerFault("data", f"a draft holds at most {MAX_BYTES} bytes", code="too-large")
    before = 0
    if identity:
        known = get(tx, member, user, identity)
        if version is not None and version != known.version:
            raise CallerFault(
                "version", f"this draft was changed elsewhere: it is version {known.version}", code=CHANGED
            )
        before = known.version
    elif len(tx.desk.drafts(member, user, MAX_DRAFTS)) >= MAX_DRAFTS:
        raise CallerFault("draft", f"at most {MAX_DRAFTS} drafts: finish or delete some")
    row = DraftRow(
        identity or house.entropy(16),
        member,
        user,
        form[:MAX_FORM_CHARS],
        partner,
        thread,
        title[:200],
        before + 1,
        house.clock(),
        data,
    )
    tx.desk.put_draft(row)
    return _draft(row)


# ---------------------------------------------------------------------- forms of pages

Fields = Mapping[str, Sequence[str]]


def keep_form(
    house: House, tx: Tx, member: bytes, user: str, path: str, fields: Fields, *, identity: bytes = b"",
    title: str = "", partner: bytes = b"", thread: bytes = b"",
) -> Draft:  # fmt: skip
    """Keep what was typed into the form of the page at ``path``. A draft that is gone meanwhile is made anew.

    ``member`` empty: a form of the association's own people.
    """
    row = tx.desk.draft(identity) if identity else None
    if row is None or (row.member, row.user, row.form) != (member, user, path[:MAX_FORM_CHARS]):
        identity = b""
    data = msgspec.json.encode({"fields": fields})
    return save(house, tx, member, user, path, data, identity=identity, title=title, partner=partner, thread=thread)


def keep_paper(house: House, tx: Tx, member: bytes, user: str, path: str, paper: Paper, *, partner: bytes) -> Draft:
    """A draft of the form at ``path`` that nobody has filled in yet: the page does, from ``paper``.

    One of the same page and number is replaced.
    """
    title = paper.number
    known = next((one for one in mine(tx, member, user) if (one.form, one.title) == (path, title)), None)
    fields = {"base": [msgspec.json.encode(paper).decode()], FRESH: ["1"]}
    identity = b"" if known is None else known.id
    return keep_form(house, tx, member, user, path, fields, identity=identity, title=title, partner=partner)


def fields_of(draft: Draft) -> dict[str, list[str]]:
    """What was typed. NotFound for a draft that is no form of a page."""
    try:
        return msgspec.json.decode(draft.data, type=_PageForm).fields
    except msgspec.DecodeError:
        raise NotFound("draft", "no such draft") from None


class _PageForm(msgspec.Struct):
    fields: dict[str, list[str]]


def park(house: House, tx: Tx, token: str, path: str, fields: Fields, identity: bytes = b"") -> Draft | None:
    """Keep a form that came with an ended session, for the session's user; None where there is none, or no room."""
    session = tx.sessions.get(hash_of(token))
    user = None if session is None else tx.users.get(session.user)
    if user is None or user.disabled:
        return None
    try:
        return keep_form(house, tx, user.member or b"", user.name, path, fields, identity=identity)
    except CallerFault:
        return None


def mine(tx: Tx, member: bytes, user: str) -> list[Draft]:
    """The drafts of a user, latest first."""
    return [_draft(row) for row in tx.desk.drafts(member, user)]


def get(tx: Tx, member: bytes, user: str, identity: bytes) -> Draft:
    """One draft of this user. NotFound for any other, of whomever."""
    row = tx.desk.draft(identity)
    if row is None or row.member != member or row.user != user:
        raise NotFound("draft", "no such draft")
    return _draft(row)


def drop(tx: Tx, member: bytes, user: str, identity: bytes) -> None:
    """Forget a draft of this user."""
    get(tx, member, user, identity)
    tx.desk.drop_draft(identity)


def hand_over(house: House, tx: Tx, member: bytes, user: str, identity: bytes, to: str) -> Draft:
    """Give a draft to a colleague: it leaves the one's list for the other's. NotFound if there is no such colleague."""
    draft = get(tx, member, user, identity)
    colleague = tx.users.by_name(to)
    if colleague is None or colleague.member != member or colleague.disabled:
        raise NotFound("to", "no such colleague")
    row = DraftRow(
        draft.id, member, colleague.name, draft.form, draft.partner, draft.thread, draft.title, draft.version + 1,
        house.clock(), draft.data,
    )  # fmt: skip
    tx.desk.put_draft(row)
    return _draft(row)


def forget_old(house: House, tx: Tx) -> int:
    """Forget what nobody touched for half a year; how many."""
    return tx.desk.forget_drafts(house.clock() - KEEP_US)


def _draft(row: DraftRow) -> Draft:
    return Draft(row.id, row.user, row.form, row.partner, row.thread, row.title, row.version, row.updated, row.data)
