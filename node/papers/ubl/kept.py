"""What UBL says and no field holds: taken out when reading, laid back when writing.

``take`` compares the document that was read with the one its fields alone would make, and returns the difference as
``Kept`` entries; ``lay`` applies them to what the fields make now. The fields win: an entry may add what no field says
or spell what a field says differently, and can never say something else than the field. Entries are a stranger's
input. Knows no field.

An entry's path begins with a sign that says what the entry is:

======  ==================================================================================================
(none)  an element with its attributes and value
``@``   further attributes of an element that a field makes
``=``   how the document spells a value that a field makes (``100.00`` for 100), and further attributes
``-``   the document does not say this default (an element, or an attribute ``path/@name``); ``value`` is the default
``*``   foreign XML inside an extension
``#``   the ids of a list's items when it was read, so that entries find their line again
======  ==================================================================================================

``~`` before the sign: value and attributes are written with ``\\uXXXX`` escapes, for text that is not in NFC. A step
``name(2)`` is the second item of a list of the body, and an entry below it applies only where that item is; ``name[2]``
is the second sibling of its name. ``name<other`` is an element that UBL 2.1 does not know there; it follows ``other``.

Source: ADR 0002.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from node.papers.ubl import names
from node.papers.ubl.codecs import normalise
from node.papers.ubl.names import Step
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault, InvariantBroken, Malformed, TooLarge
from protocol.limits import MAX_XML_DEPTH
from protocol.process.trade.papers import Kept
from protocol.process.trade.papers.base import MAX_KEPT

_ENTRY = re.compile(r"(~?)([@=*#-]?)(.*)", re.DOTALL)
_AFTER = re.compile(r"(.*?)(?:<([a-z]{3}:[A-Za-z]+|))?", re.DOTALL)
_ITEM = re.compile(r"(.*)\((\d{1,5})\)", re.DOTALL)
PERSON_TYPES = ("ContactType", "PersonType")
"""UBL types whose elements speak of people: what they say goes to the personal part."""


# ---- taking -------------------------------------------------------------------------------------------------------

ROOT = "."  # the path of the root element, in an entry


def take(made: Node, said: Node, personal_names: frozenset[str]) -> tuple[list[Kept], list[Kept]]:
    """The difference between what the fields make and what the document said: (business, personal) entries."""
    taker = _Taker(personal_names)
    taker.compare(made, said, "", False)
    return taker.business, taker.personal


def ids_entry(path: str, ids: list[str]) -> Kept:
    """The entry that tells which item stood where."""
    return Kept(path=f"#{path}", value=msgspec.json.encode(ids).decode())


class _Taker:
    def __init__(self, personal_names: frozenset[str]) -> None:
        self._names = personal_names
        self.business: list[Kept] = []
        self.personal: list[Kept] = []

    def compare(self, made: Node, said: Node, path: str, personal: bool) -> None:
        """Both have this element."""
        self._compare_element(made, said, path, personal)
        if said.raw is not None:
            self._add(personal, "*", path, said.raw)
        for step, child in said.children.items():
            below = made.children.get(step)
            here = self._below(path, step, child, item=below is not None and below.item)
            person = personal or step.name in self._names
            if below is None:
                self._take_all(child, here, person)
            else:
                self.compare(below, child, here, person)
        for step, child in made.children.items():
            if step not in said.children:
                self._miss_all(
                    child, self._below(path, step, child, item=child.item), personal or step.name in self._names
                )

    def _compare_element(self, made: Node, said: Node, path: str, personal: bool) -> None:
        spelled_alike = made.text is None or (said.text or "") == made.text
        if not (spelled_alike or _means(made, said.text or "")) or any(
            not codec.same(said.attributes[key], made.attributes[key])
            for key, codec in made.attribute_codecs.items()
            if key in said.attributes
        ):
            if not made.soft:
                raise CallerFault(path, f"cannot be {(said.text or '')[:80]!r} here")
            self._add(personal, "", path, said.text or "", said.attributes)
            return
        extra = {k: v for k, v in said.attributes.items() if made.attributes.get(k) != v}
        for key in made.attributes.keys() - said.attributes.keys():
            self._miss(f"{path}/@{key}", made.attributes[key], key in made.optional_attributes, personal)
        hollow = not said.children and said.raw is None
        if made.text is None and (hollow or said.text):
            self._add(personal, "", path, said.text or "", extra)
        elif not spelled_alike:
            self._add(personal, "=", path, said.text or "", extra)
        elif extra:
            self._add(personal, "@", path, "", extra)

    def _take_all(self, said: Node, path: str, personal: bool) -> None:
        """No field makes this element: all of it is kept."""
        if said.text is not None or said.attributes or said.raw is not None or not said.children:
            if said.raw is not None:
                self._add(personal, "*", path, said.raw, said.attributes)
            elif said.text is not None or said.attributes:
                self._add(personal, "" if said.text is not None else "@", path, said.text or "", said.attributes)
        for step, child in said.children.items():
            self._take_all(child, self._below(path, step, child), personal or step.name in self._names)

    def _miss_all(self, made: Node, path: str, personal: bool) -> None:
        """A default that the document does not say."""
        if made.text is not None:
            self._miss(path, made.text, made.optional or made.soft, personal)
        for step, child in made.children.items():
            below = self._below(path, step, child, item=child.item)
            self._miss_all(child, below, personal or step.name in self._names)

    def _miss(self, path: str, value: str, optional: bool, personal: bool) -> None:
        if not optional:
            raise InvariantBroken(f"{path}: a field makes {value!r} and the document does not say it")
        self._add(personal, "-", path, value)

    @staticmethod
    def _below(path: str, step: Step, said: Node, *, item: bool = False) -> str:
        text = f"{step.name}({step.number})" if item else str(step)
        if said.after is not None:
            text = f"{text}<{said.after}"
        return f"{path}/{text}" if path else text

    def _add(self, personal: bool, sign: str, path: str, value: str, attributes: dict[str, str] | None = None) -> None:
        pairs = sorted((attributes or {}).items())
        mark = ""
        if any(_needs_escape(text) for text in (value, *(v for _, v in pairs))):
            mark, value, pairs = "~", _escape(value), [(k, _escape(v)) for k, v in pairs]
        if _needs_escape(path) or any(_needs_escape(key) for key, _ in pairs):
            raise Malformed(f"{path[:200]}: a name is not in Unicode normal form C")
        target = self.personal if personal else self.business
        if len(target) >= MAX_KEPT - 1:  # one is left for the ids of the lines
            raise TooLarge(f"the document says more than {MAX_KEPT} things that have no field")
        target.append(Kept(path=mark + sign + (path or ROOT), value=value, attributes=tuple(pairs)))


def _needs_escape(text: str) -> bool:
    return not text.isascii() and normalise(text) != text


def _escape(text: str) -> str:
    return "".join(c if c.isascii() and c != "\\" else _escaped(ord(c)) for c in text)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")


def _unescape(text: str) -> str:
    try:
        return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    except (ValueError, OverflowError):
        raise Malformed("kept: an escape is not a character") from None


def _means(made: Node, spelling: str) -> bool:
    """Whether a spelling says what the field says. A default may also be left blank."""
    if made.codec is None or made.text is None:
        return False
    return made.codec.same(spelling, made.text) or (made.optional and not spelling.strip())


# ---- laying -------------------------------------------------------------------------------------------------------


def lay(made: Node, entries: Iterable[Kept], ids: dict[str, list[str]]) -> None:
    """Apply ``entries`` to what the fields make, in place. ``ids``: the ids of the body's lists now, by path.

    Raises Malformed for an entry that is none. An entry whose item or element is gone is passed over.
    """
    moved: dict[str, dict[int, int]] = {}
    missing: list[tuple[Node, str | None, str]] = []
    for entry in entries:
        found = _ENTRY.fullmatch(entry.path)
        if found is None:
            raise Malformed("kept: an empty path")
        escaped, sign, path = found[1], found[2], found[3]
        value, attributes = entry.value, dict(entry.attributes)
        if escaped:
            value, attributes = _unescape(value), {k: _unescape(v) for k, v in attributes.items()}
        if sign == "#":
            moved[path] = _moves(value, ids.get(path, []))
        elif sign == "-":
            _mark_missing(made, path, value, moved, missing)
        else:
            _lay_one(made, sign, path, value, attributes, moved)
    for node, attribute, value in missing:
        _drop(node, attribute, value)
    _prune(made)


def _lay_one(
    made: Node, sign: str, path: str, value: str, attributes: dict[str, str], moved: dict[str, dict[int, int]]
) -> None:
    node = _find(made, path, moved, make=sign in ("", "*", "@"))
    if node is None:
        return
    if sign == "*":
        if node.text is None and not node.children:
            node.raw = value
    elif sign == "=":
        if node.text is None:
            return
        if _means(node, value):
            node.text = value
    elif sign == "" and (node.text is None or node.soft):
        if node.soft:
            node.attributes.clear()
        node.text, node.explicit, node.soft = value, True, False
    elif sign == "@" and node.text is None and not node.children:
        node.explicit = True
    for key, text in attributes.items():
        made_so = node.attributes.get(key)
        codec = node.attribute_codecs.get(key)
        if made_so is None or (codec is not None and codec.same(text, made_so)):
            node.attributes[key] = text


def _mark_missing(
    made: Node,
    path: str,
    value: str,
    moved: dict[str, dict[int, int]],
    missing: list[tuple[Node, str | None, str]],
) -> None:
    owner, _, attribute = path.partition("/@")
    node = _find(made, owner, moved, make=False)
    if node is not None:
        missing.append((node, attribute or None, value))


def _drop(node: Node, attribute: str | None, value: str) -> None:
    if attribute is not None:
        if attribute in node.optional_attributes and node.attributes.get(attribute) == value:
            del node.attributes[attribute]
    elif (node.soft or node.optional) and node.text == value:
        node.text = None
        for key in node.attribute_codecs:
            node.attributes.pop(key, None)


def _prune(node: Node) -> bool:
    """Remove what holds nothing any more; whether ``node`` holds something."""
    for step in [step for step, child in node.children.items() if not _prune(child)]:
        del node.children[step]
    return bool(node.children or node.attributes or node.explicit or node.raw is not None or node.text is not None)


def _find(made: Node, path: str, moved: dict[str, dict[int, int]], *, make: bool) -> Node | None:
    """The node of a kept path; made below what the fields made if ``make``. None where it does not apply."""
    node, so_far, created = made, "", False
    for piece in _pieces(path):
        step, item, after = _read_step(piece)
        so_far = f"{so_far}/{step.name}" if so_far else step.name
        if item and so_far in moved:
            step = step._replace(number=moved[so_far].get(step.number, 0))
        below = node.children.get(step)
        if below is None:
            if item or not make or step.name in node.closed:
                return None
            below, created = node.child(step), True
            below.after = after
        elif item != below.item and not created:
            return None
        node = below
    return node


def _pieces(path: str) -> Iterator[str]:
    pieces = [] if path == ROOT else names.split(path)
    if len(pieces) > MAX_XML_DEPTH:
        raise Malformed(f"kept: a path has more than {MAX_XML_DEPTH} steps")
    return iter(pieces)


def _read_step(piece: str) -> tuple[Step, bool, str | None]:
    found = _AFTER.fullmatch(piece)
    if found is None:
        raise Malformed(f"kept: {piece[:80]!r} is not a step of a path")
    item = _ITEM.fullmatch(found[1])
    if item is not None:
        return names.parse_step(item[1])._replace(number=int(item[2])), True, found[2]
    return names.parse_step(found[1]), False, found[2]


def _moves(value: str, now: list[str]) -> dict[int, int]:
    """Old position of each item to its position now: by id where that is clear, else by position.

    An item that is gone has no position. An id that nobody had before is a renamed item if its position's old id is
    gone too.
    """
    try:
        before = msgspec.json.decode(value, type=list[str])
    except msgspec.MsgspecError:
        raise Malformed("kept: the ids of a list are unreadable") from None
    places: dict[str, list[int]] = {}
    for position, one in enumerate(now, 1):
        places.setdefault(one, []).append(position)
    known = set(before)
    moves: dict[int, int] = {}
    for position, one in enumerate(before, 1):
        if position <= len(now) and now[position - 1] == one:
            moves[position] = position
        elif len(places.get(one, ())) == 1:
            moves[position] = places[one][0]
        elif position <= len(now) and now[position - 1] not in known:
            moves[position] = position
    return moves
