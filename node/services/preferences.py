"""What a user chose for itself: the name that others see, language, time zone, mail address. Owns their rules."""

from __future__ import annotations

import unicodedata
from typing import Final

from node import zones
from node.i18n import LANGUAGES, N_
from node.services.notices import choosing
from node.services.sessions import settings_of
from node.store import Tx, UserSettingsRow
from protocol.errors import CallerFault

MAX_SHOWN_NAME_CHARS: Final = 40
MAX_EMAIL_CHARS: Final = 200


def speak(tx: Tx, user: bytes, language: str) -> None:
    """Show pages in this language from now on."""
    assert language in LANGUAGES, language
    tx.user_settings.put(settings_of(tx, user)._replace(language=language))


def email_of(tx: Tx, user: bytes) -> str:
    """Where a user's notices go; empty: nowhere."""
    return settings_of(tx, user).email


def introduce(tx: Tx, user: bytes, shown_name: str, email: str, zone: str = "") -> UserSettingsRow:
    """The name that colleagues and partners see, where notices go, and the time zone of pages (IANA; empty: Japan's).

    CallerFault names the field.
    """
    shown_name = unicodedata.normalize("NFC", shown_name).strip()
    email = email.strip()
    if not shown_name or len(shown_name) > MAX_SHOWN_NAME_CHARS or not shown_name.isprintable():
        raise CallerFault("shown_name", N_("Enter a name of at most 40 characters."))
    _, at, host = email.rpartition("@")
    if email and (not at or "." not in host or not email.isprintable() or " " in email or len(email) > MAX_EMAIL_CHARS):
        raise CallerFault("email", N_("Enter a mail address like name@example.jp."))
    if zone and zone not in zones.names():
        raise CallerFault("zone", N_("Choose a time zone of the list."))
    before = settings_of(tx, user)
    row = before._replace(shown_name=shown_name, email=email, zone="" if zone == zones.JAPAN_NAME else zone)
    if email != before.email:
        choosing.forget_bounce(tx, user)
    tx.user_settings.put(row)
    return row
