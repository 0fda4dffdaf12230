"""The access log: who came in, who looked, who changed what about people. Owns the words and what a line holds.

Lines hold no content of papers. A member reads its own lines; the association's staff read the association's. Lines
are added in the transaction of what they tell and are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from node.i18n import N_
from node.services.house import House
from node.store import AccessRow, Tx, UserRow

MAX_DETAIL_CHARS: Final = 200
MAX_ADDRESS_CHARS: Final = 64

#: What may be noted, as people read it.
WHAT: Final[Mapping[str, str]] = {
    "login": N_("logged in"),
    "login-failed": N_("login refused"),
    "locked": N_("login locked after wrong attempts"),
    "logout": N_("logged out"),
    "session-ended": N_("ended a session"),
    "password-changed": N_("changed the password"),
    "invited": N_("issued an invitation"),
    "invitation-withdrawn": N_("withdrew an invitation"),
    "joined": N_("accepted an invitation"),
    "recovery-issued": N_("issued a link to log in again"),
    "recovered": N_("logged in again by a link"),
    "role-changed": N_("changed a role"),
    "disabled": N_("stopped a user"),
    "enabled": N_("let a user in again"),
    "passkey-added": N_("added a passkey"),
    "passkey-removed": N_("removed a passkey"),
    "totp-added": N_("added a code app"),
    "totp-removed": N_("removed the code app"),
    "view-allowed": N_("allowed the association to look"),
    "view-opened": N_("began to look, allowed by the member"),
    "view-refused": N_("gave a wrong code for looking"),
    "view-ended": N_("ended the association's looking"),
    "viewed": N_("looked at"),
    "exported": N_("downloaded"),
    "member-enrolled": N_("enrolled a member"),
    "member-suspended": N_("suspended a member"),
    "member-resumed": N_("let a member go on"),
    "guest-added": N_("added a partner outside the association"),
    "guest-link": N_("issued a link to a partner's page"),
    "guest-link-revoked": N_("withdrew the link to a partner's page"),
    "guest-answered": N_("answered through the link"),
    "guest-enrolled": N_("enrolled a partner as a member"),
    "peer-changed": N_("decided about an association"),
    "called": N_("telephoned the member"),
    "quarantine-retried": N_("tried a set-aside record again"),
    "quarantine-dropped": N_("dropped a set-aside record"),
    "question-decided": N_("decided about a question of another association"),
    "question-rule": N_("changed who may ask questions"),
    "backup-made": N_("made a backup"),
    "waiting-changed": N_("changed which papers wait for copies"),
    "data-use-changed": N_("changed what its figures are counted in"),
    "sales-granted": N_("let a supplier see the sales of its goods"),
    "sales-revoked": N_("stopped letting a supplier see sales"),
    "move-asked": N_("issued a code for moving to another association"),
    "move-begun": N_("began to move to another association"),
    "move-switched": N_("moved to another association"),
    "move-cancelled": N_("cancelled the move to another association"),
    "move-forgotten": N_("removed the data of a member that has moved"),
    "joint-announced": N_("announced a joint order"),
    "joint-ordered": N_("sent the order of a joint order"),
    "joint-settled": N_("sent the settlements of a joint order"),
    "return-invited": N_("let a member come back with its words"),
    "return-withdrawn": N_("took back an address for coming back"),
    "return-refused": N_("typed words that belong to nobody"),
    "return-begun": N_("began to come back with its words"),
    "part-erased": N_("erased personal data of a paper"),
    "erasure-refused": N_("asked to erase personal data that the law still keeps"),
}


def note(
    house: House,
    tx: Tx,
    what: str,
    *,
    member: bytes | None,
    user: UserRow | None = None,
    name: str = "",
    detail: str = "",
    address: str = "",
) -> None:
    """Add a line. ``what``: a key of WHAT; ``name``: of who did it, where there is no user."""
    assert what in WHAT, what
    who = user.id if user is not None else None
    shown = user.name if user is not None else name[:64]
    row = AccessRow(0, member, house.clock(), who, shown, what, detail[:MAX_DETAIL_CHARS], address[:MAX_ADDRESS_CHARS])
    tx.access_log.add(row)


def page(tx: Tx, member: bytes | None, limit: int = 100, before: int = 2**62) -> list[AccessRow]:
    """Lines of a member (None: all of the node, for its administrators), latest first, behind position ``before``."""
    return tx.access_log.latest(limit, member=member, before=before)
