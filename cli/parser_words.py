"""What the parser of arguments says, in the reader's language, as far as it asks gettext: headings of help pages first.

Owns the list of those words (Typer marks them and ships no Japanese). Must not know any command.
"""

from __future__ import annotations

import gettext
import os
from typing import Final

from node.i18n import DOMAIN, LOCALE, N_, language

TEXTS: Final = (
    N_("Options"),
    N_("Commands"),
    N_("Arguments"),
    N_("Missing command."),
    N_("No such command {name!r}."),
    N_("default: {default}"),
    N_("required"),
    N_("Aborted!"),
)


def speak() -> None:
    """From now on the parser looks its words up in our catalogue, in the language of this process."""
    os.environ["LANGUAGE"] = language()
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
