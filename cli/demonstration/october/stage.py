"""Three running nodes on which October 2026 has happened, and who can log in there: for the demo and for screenshots.

Owns the order of set-up and ending. Knows no terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from cli.demonstration.federation import Federation
from cli.demonstration.firms import ASSOCIATIONS, FIRMS
from cli.demonstration.october.people import Person, settle
from cli.demonstration.october.telling import October
from node.i18n import _

#: Whom the story brings in later, by its own means.
LATER: Final = ("F12",)


class Stage:
    """The nodes' data lie below ``folder``, which exists and is empty."""

    def __init__(self, folder: Path) -> None:
        self.federation = Federation(folder)
        self.people: list[Person] = []
        self.october: October | None = None

    def set(self, tell: Callable[[str], None]) -> None:
        """Found the nodes, enrol the firms, tell October, make the logins."""
        firms = [firm for key, firm in FIRMS.items() if key not in LATER]
        self.federation.found()
        self.federation.befriend()
        self.federation.enrol(firms)
        self.federation.await_directory()
        tell(
            _("three new nodes for October 2026: {names}").format(
                names=", ".join(item.name for item in ASSOCIATIONS.values())
            )
        )
        self.people = settle(self.federation)
        self.october = October(self.federation, self.people, tell)
        self.october.tell()
        self.people.append(self.october.farmer.person())

    def stop(self) -> None:
        """Stop the nodes."""
        self.federation.stop()
