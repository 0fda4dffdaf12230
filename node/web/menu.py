"""The frame around every page: menu by role, language switch, the 控え chip. Owns the menu's rows.

A row shows only when its page exists here and the visitor's role may use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from node.i18n import LANGUAGES, N_
from node.services.house import TEST_NETWORK
from node.services.policy import MEMBER_ROLES

if TYPE_CHECKING:
    from node.web.visit import Visit


class Entry(NamedTuple):
    """``below``: first words of paths that belong to it too; ``bar``: also in the bottom bar of a telephone.

    ``group``: the path of the entry below which it stands.
    """

    path: str
    word: str
    operation: str
    icon: str
    below: tuple[str, ...] = ()
    bar: bool = False
    group: str = ""


class Row(NamedTuple):
    """An entry as the menu shows it; ``current``: the page is its own; ``rows``: those that stand below it."""

    entry: Entry
    current: bool
    rows: tuple[Row, ...] = ()

    @property
    def here(self) -> bool:
        """Whether the page belongs to it or to one that stands below it."""
        return self.current or any(row.current for row in self.rows)


MENU: Final = (
    Entry("/", N_("Today"), "today.read", "today", bar=True),
    Entry("/dealings", N_("Dealings"), "dealings.read", "dealings", ("/drafts",), bar=True),
    Entry("/partners", N_("Partners & goods"), "partners.read", "partners", ("/catalogue", "/import")),
    Entry("/books", N_("Books"), "books.read", "books", ("/payments", "/closing")),
    Entry("/sales", N_("Sales"), "sales.read", "sales"),
    Entry("/together", N_("Working together"), "joint.read", "partners"),
    Entry("/together", N_("Joint orders"), "joint.read", "partners", group="/together"),
    Entry("/offers", N_("Offers and requests"), "offers.read", "partners", group="/together"),
    Entry("/market", N_("Marketplace"), "offers.read", "dealings", group="/together"),
    Entry("/deeds", N_("Terms and agreements"), "deeds.read", "dealings", group="/together"),
    Entry("/groups", N_("Groups"), "groups.read", "partners", group="/together"),
    Entry("/drawings", N_("Drawings"), "drawings.read", "dealings", group="/together"),
    Entry("/copies", N_("Copies"), "today.read", "log"),
    Entry("/association", N_("Association today"), "association.read", "today", bar=True),
    Entry("/association/members", N_("Members"), "association.members", "partners", ("/association/import",), bar=True),
    Entry("/association/calls", N_("Firms to call"), "association.members", "today"),
    Entry("/association/peers", N_("Connected associations"), "association.peers", "dealings"),
    Entry("/association/moves", N_("Members that move or return"), "association.moves", "partners"),
    Entry("/association/together", N_("Joint orders"), "association.joint", "partners"),
    Entry("/area", N_("Figures of the area"), "area.read", "books"),
    Entry("/association/questions", N_("Questions between regions"), "association.questions", "dealings"),
    Entry("/association/copies", N_("Copies and guardians"), "association.safety", "books"),
    Entry("/association/safety", N_("Storage and backups"), "association.safety", "books"),
    Entry("/association/audit", N_("Access log"), "association.audit", "log"),
)
SEARCH: Final = "/search"
#: First words of a path → the chapter of the guides that helps there; the longest counts.
HELP: Final = {
    "/": "join/today",
    "/dealings": "join/order",
    "/partners": "join/order",
    "/partners/outside": "join/guests",
    "/import": "join/import",
    "/catalogue": "join/sell",
    "/books": "join/pay",
    "/closing": "join/pay",
    "/sales": "join/sales",
    "/together": "join/together",
    "/drawings": "join/drawings",
    "/groups": "join/groups",
    "/offers": "join/offers",
    "/deeds": "join/deeds",
    "/market": "join/offers",
    "/payments": "join/pay",
    "/settings": "join/login",
    "/people": "join/people",
    "/login": "join/login",
    "/join": "join/login",
    "/return": "join/trouble",
    "/association": "operate/daily",
    "/association/members": "operate/members",
    "/association/peers": "operate/peers",
    "/association/moves": "operate/move",
    "/association/safety": "operate/backup",
    "/association/together": "operate/joint",
}
LANGUAGE_WORDS: Final = {"ja": "日本語", "en": "English"}
#: The chip leads to what is true: its colour and words by how the member's copies are.
CHIPS: Final = {
    "none": ("none", N_("Copies: here only")),
    "good": ("good", N_("Copies: complete")),
    "under way": ("warning", N_("Copies: under way")),
    "late": ("wrong", N_("Copies: delayed")),
}


def frame(visit: Visit, paths: frozenset[str]) -> dict[str, Any]:
    """The values that ``base.html`` needs."""
    visitor, here = visit.visitor, visit.request.path
    shown = [entry for entry in MENU if visitor is not None and entry.path in paths and visit.allows(entry.operation)]
    is_member = visitor is not None and visitor.role in MEMBER_ROLES
    return {
        "house_name": _house_name(visit),
        "menu": _rows(shown, here),
        "search_path": SEARCH if SEARCH in paths and is_member else "",
        "chip": _chip(visit) if is_member else None,
        "languages": [(code, LANGUAGE_WORDS[code]) for code in LANGUAGES],
        "flash": visit.flash,
        "is_member": is_member,
        "live": "",  # the mark of what the page shows, of pages that follow changes
        "paths": paths,
        "sample": visit.context.house.network == TEST_NETWORK,
        "help_path": _help_path(here),
    }


def _rows(shown: list[Entry], here: str) -> list[Row]:
    """The menu: entries that stand alone, and those that hold others, with them."""
    covering = [entry for entry in shown if _covers(entry, here)]
    current = max(covering, key=lambda entry: (len(entry.path), entry.group), default=None)
    return [
        Row(entry, entry is current, tuple(Row(one, one is current) for one in shown if one.group == entry.path))
        for entry in shown
        if not entry.group
    ]


def _chip(visit: Visit) -> tuple[str, str]:
    """How the copies of the visitor's firm are, without a look into the store."""
    visitor = visit.visitor
    return copies_of(visit, visitor.member.member if visitor is not None and visitor.member is not None else b"")


def copies_of(visit: Visit, member: bytes) -> tuple[str, str]:
    """How the copies of a member are: the chip's colour and its words."""
    house = visit.context.house
    safe = house.guarded.get(member)
    if safe is None:
        return CHIPS["none"]
    if safe.whole and member not in house.uncopied:
        return CHIPS["good"]
    return CHIPS["late" if safe.silent else "under way"]


def _help_path(here: str) -> str:
    """Where help on a page is."""
    found = [path for path in HELP if here == path or here.startswith(path.rstrip("/") + "/")]
    return f"/help/{HELP[max(found, key=len)]}" if found else "/help"


def _house_name(visit: Visit) -> str:
    visitor = visit.visitor
    if visitor is not None and visitor.member is not None:
        return visitor.member.name
    return visit.context.house.name


def _covers(entry: Entry, here: str) -> bool:
    if entry.path in ("/", "/association"):
        return here == entry.path
    return any(here == path or here.startswith(path + "/") for path in (entry.path, *entry.below))
