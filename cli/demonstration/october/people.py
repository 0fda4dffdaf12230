"""The logins of the story, made on the three nodes: who can look at it, with which role, where.

Owns making them and how they are listed. One password for all, new at each telling. Knows no page.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final, NamedTuple

from cli import client
from cli.demonstration.federation import Federation
from cli.demonstration.firms import ASSOCIATIONS, FIRMS
from cli.demonstration.october.dealings import Login, people
from node.i18n import N_, _

ROLES: Final = {
    "owner": N_("owner"),
    "clerk": N_("clerk"),
    "viewer": N_("viewer"),
    "staff": N_("association staff"),
    "guest": N_("guest, by link"),
}


class Person(NamedTuple):
    """A login that works. ``house``: the firm or association; ``page``: where to log in, of a guest its own page."""

    house: str
    role: str
    page: str
    name: str
    password: str

    @property
    def role_word(self) -> str:
        """The role in the language of the terminal."""
        return _(ROLES[self.role])


def settle(federation: Federation) -> list[Person]:
    """Make every login."""
    password = f"mukashi-{secrets.randbelow(10**8):08d}"
    return list(_made(federation, people(), password))


def _made(federation: Federation, logins: Iterable[Login], password: str) -> Iterable[Person]:
    for login in logins:
        firm = FIRMS[login.firm] if login.firm else None
        key = login.association or (firm.association if firm else "")
        node = federation.nodes[key]
        member = federation.accounts[login.firm].member if firm else ""
        client.ask(node.folder, "user.add", name=login.name, role=login.role, password=password, member=member)
        house = firm.name if firm else ASSOCIATIONS[key].name
        yield Person(house, login.role, node.page, login.name, password)
