"""Who is told of what by which way: a person's choices, a member's rule, the link that ends the mails.

Owns the defaults (orders and messages by mail to owner and clerks) and the limits of what may be chosen.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

from node.i18n import N_
from node.services.house import House
from node.services.notices.kinds import KINDS, MAIL, PUSH, WAYS
from node.services.policy import Role
from node.services.sessions import settings_of
from node.store import NoticePersonRow, NoticeRuleRow, Tx, UserRow
from protocol.errors import CallerFault, NotFound

OWNER_HOURS: Final = 4
STAFF_HOURS: Final = 4
MOST_HOURS: Final = 80
_TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 -]{5,24}")
_LETTER: Final = {MAIL: "m", PUSH: "p"}

Choices = Mapping[str, frozenset[str]]  # kind → ways


def usual(role: str) -> Choices:
    """What somebody gets who chose nothing."""
    writes = role in (Role.OWNER.value, Role.CLERK.value)
    return {name: frozenset({MAIL} if kind.usual and writes else ()) for name, kind in KINDS.items()}


def choices_of(tx: Tx, user: UserRow) -> Choices:
    """What a person asked for, kind by kind."""
    text = settings_of(tx, user.id).notices
    chosen = dict(word.split("=", 1) for word in text.split() if "=" in word)
    found = dict(usual(user.role))
    for name in KINDS:
        if name in chosen:
            found[name] = frozenset(way for way in WAYS if _LETTER[way] in chosen[name])
    return found


def choose(tx: Tx, user: UserRow, chosen: Mapping[str, Collection[str]]) -> None:
    """From now on the person is told as ``chosen`` says (kind → ways; a kind that is missing: not at all)."""
    for name, ways in chosen.items():
        if name not in KINDS or not set(ways) <= set(WAYS):
            raise CallerFault("notices", f"{name} is no kind of notice, or there is no such way")
    words = [f"{name}={''.join(_LETTER[way] for way in WAYS if way in chosen.get(name, ()))}" for name in KINDS]
    tx.user_settings.put(settings_of(tx, user.id)._replace(notices=" ".join(words)))


def person(house: House, tx: Tx, user: bytes) -> NoticePersonRow:
    """What sending knows of a person; made at the first time."""
    found = tx.notices.person(user)
    if found is None:
        token = base64.urlsafe_b64encode(house.entropy(18)).decode()
        found = NoticePersonRow(user, token, "", 0, 0, 0)
        tx.notices.put_person(found)
    return found


def by_token(tx: Tx, token: str) -> UserRow:
    """Whose mails carry this token. NotFound."""
    found = tx.notices.person_by_token(token)
    user = None if found is None else tx.users.get(found.user)
    if user is None:
        raise NotFound("token", "no such link")
    return user


def stop_mail(tx: Tx, token: str) -> None:
    """No notice by mail any more to whom this token belongs; other ways stay. NotFound."""
    user = by_token(tx, token)
    choose(tx, user, {name: ways - {MAIL} for name, ways in choices_of(tx, user).items()})


def forget_bounce(tx: Tx, user: bytes) -> None:
    """The person gave an address again: mail is tried again."""
    found = tx.notices.person(user)
    if found is not None and found.bounced:
        tx.notices.put_person(found._replace(bounced="", bounced_at=0))


def rule_of(tx: Tx, member: bytes) -> NoticeRuleRow:
    """When a member's notices climb, and its telephone."""
    return tx.notices.rule(member) or NoticeRuleRow(member, OWNER_HOURS, STAFF_HOURS, "")


def set_rule(tx: Tx, member: bytes, owner_hours: int, staff_hours: int, telephone: str) -> NoticeRuleRow:
    """From now on; ``owner_hours`` 0: nothing climbs. CallerFault names the field."""
    telephone = unicodedata.normalize("NFKC", telephone).strip()
    if not 0 <= owner_hours <= MOST_HOURS:
        raise CallerFault("owner_hours", N_("Enter a number of hours from 0 to 80."))
    if not 1 <= staff_hours <= MOST_HOURS:
        raise CallerFault("staff_hours", N_("Enter a number of hours from 1 to 80."))
    if telephone and not _TELEPHONE.fullmatch(telephone):
        raise CallerFault("telephone", N_("Enter a telephone number like 0565-00-0000."))
    row = NoticeRuleRow(member, owner_hours, staff_hours, telephone)
    tx.notices.put_rule(row)
    return row
