"""The one byte form of everything that is signed: a canonical profile of msgpack.

Owns encoding, strict decoding and hashing. Knows nothing of what the values mean.

Profile (``docs/protocol.md`` §2): nil, booleans, integers in shortest form, binary, UTF-8 text in NFC, arrays, and
maps whose keys are text in ascending code-point order; no floats, no extension types, no duplicate keys. A reader
decodes, encodes again and compares: bytes that differ are refused, so one value has one byte form.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgpack
import msgspec

from protocol.errors import Malformed, TooLarge
from protocol.limits import MAX_DEPTH, MAX_NODES, MAX_RECORD_BYTES

T = TypeVar("T")


def encode(value: Any) -> bytes:
    """The canonical bytes of ``value`` (lists and tuples are arrays). Trusts its caller: local structures only.

    By msgspec, whose output for the types of the profile is that of msgpack (golden vectors and a property test say
    so): it keeps no buffer of a quarter megabyte for every call.
    """
    return _ENCODER.encode(value)


_ENCODER = msgspec.msgpack.Encoder()


def digest(data: bytes) -> bytes:
    """SHA-256 of ``data``, 32 bytes. Records begin with a domain tag, so equal hashes mean equal kinds."""
    return hashlib.sha256(data).digest()


def decode(data: bytes, *, max_bytes: int = MAX_RECORD_BYTES) -> Any:
    """The value of canonical ``data``.

    Raises:
        TooLarge: more than ``max_bytes`` bytes, ``MAX_DEPTH`` levels or ``MAX_NODES`` values.
        Malformed: not msgpack, not canonical, not NFC, or a type outside the profile.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"record of {len(data)} bytes, the limit is {max_bytes}")
    value = _unpack(data)
    _measure(value)
    if encode(value) != data:
        raise Malformed("bytes are not in canonical form")
    return value


def require_nfc(data: bytes) -> None:
    """Refuse a record with text that is not in Unicode normal form C: two spellings of が must not be two documents.

    The bytes as a whole are checked first, which is fast and can only fail too often; then every text by itself.
    """
    if not data.isascii() and not unicodedata.is_normalized("NFC", data.decode("utf-8", "replace")):
        _measure(_unpack(data))


def decode_typed(decoder: msgspec.msgpack.Decoder[T], data: bytes, max_bytes: int, name: str) -> T:
    """The value of canonical ``data`` by a decoder that knows its shape: types, lengths and ranges in one pass.

    Such a decoder builds nothing that its type does not allow, so no counting is needed. The caller checks its texts
    with :func:`require_text`. Raises TooLarge or Malformed naming the place.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"{name} of {len(data)} bytes, the limit is {max_bytes}")
    try:
        value = decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as broken:
        raise Malformed(f"{name}: {_rule_of(broken, decoder.type)}") from None
    if encode(value) != data:
        raise Malformed(f"{name}: bytes are not in canonical form")
    return value


_AT = re.compile(r"^(?P<rule>.*?) - at `\$(?P<path>[\[\]0-9]*)`$", re.DOTALL)


def _rule_of(broken: Exception, kind: Any) -> str:
    """The decoder's sentence with the field by name instead of its place, and without what the peer wrote."""
    found = _AT.match(str(broken))
    if found is None:
        return "not msgpack" if not isinstance(broken, msgspec.ValidationError) else str(broken)
    rule = re.sub(r"(Invalid enum value) .*", r"\1", found["rule"], flags=re.DOTALL)
    return f"{_field_at(kind, [int(step) for step in re.findall(r'[0-9]+', found['path'])])}: {rule}"


def _field_at(kind: Any, path: list[int]) -> str:
    name = ""
    for step in path:
        kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        if hasattr(kind, "_fields"):
            name += f".{kind._fields[step]}" if name else kind._fields[step]
            kind = get_type_hints(kind, include_extras=True)[kind._fields[step]]
        else:
            name += f"[{step}]"
            kind = get_args(kind)[0]
    return name


def require_text(*texts: str) -> None:
    """Refuse texts that are not in Unicode normal form C."""
    for text in texts:
        if not text.isascii() and not unicodedata.is_normalized("NFC", text):
            raise Malformed("text is not in Unicode normal form C")


SMALL_BYTES = 64 * 1024  # below this, and with few elements, what a lie can cost is bounded by the record's own size
FEW_ELEMENTS = 128


def _unpack(data: bytes) -> Any:
    """The value of ``data``, never building more than the limits allow.

    The library reserves room for an array as soon as its header claims it: 3 kB of nested headers took 82 MB, 1 MB of
    empty maps 84 MB. So what is large, or claims long arrays, is counted first without building anything.
    """
    if len(data) > SMALL_BYTES:
        _count(data)
        return _build(data, MAX_NODES)
    try:
        return _build(data, FEW_ELEMENTS)
    except Malformed:
        _count(data)
        return _build(data, MAX_NODES)


def _build(data: bytes, elements: int) -> Any:
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            max_array_len=elements,
            max_map_len=elements,
            max_ext_len=0,
        )
    except (ValueError, TypeError, RecursionError, UnicodeDecodeError, msgpack.UnpackException) as broken:
        if type(broken) is ValueError and "incomplete" in str(broken):
            raise Malformed("cut off: the data ends before it is complete") from None
        raise Malformed(f"not msgpack: {type(broken).__name__}") from None


def _count(data: bytes) -> None:
    """Refuse too many values or levels by reading headers only; whatever else is wrong, the library will say."""
    at, values, open_levels = 0, 1, [1]
    while open_levels and at < len(data):
        open_levels[-1] -= 1
        is_map = data[at] in _MAPS
        at, inside = _skip(data, at)
        values += inside // 2 if is_map else inside
        if inside:
            open_levels.append(inside)
        if values > MAX_NODES:
            raise TooLarge(f"more than {MAX_NODES} values in one record")
        if len(open_levels) > MAX_DEPTH + 1:
            raise TooLarge(f"nested deeper than {MAX_DEPTH} levels")
        while open_levels and not open_levels[-1]:
            open_levels.pop()


def _skip(data: bytes, at: int) -> tuple[int, int]:
    """Where what follows the header at ``at`` begins (content of texts and binaries skipped), and how many elements
    an array or map claims (keys count)."""
    head = data[at]
    if head < 0x80 or head >= 0xE0:
        return at + 1, 0
    if head < 0x90:
        return at + 1, 2 * (head & 0x0F)
    if head < 0xA0:
        return at + 1, head & 0x0F
    if head < 0xC0:
        return at + 1 + (head & 0x1F), 0
    after, prefix, per_element = _LAYOUT[head - 0xC0]
    claimed = int.from_bytes(data[at + 1 : at + 1 + prefix], "big")
    if per_element:
        return at + 1 + prefix, claimed * per_element
    return at + 1 + prefix + after + claimed, 0


_MAPS = frozenset({*range(0x80, 0x90), 0xDE, 0xDF})
# Headers 0xc0 to 0xdf: bytes that follow anyway, bytes of a length, elements per unit of that length (0: bytes).
_LAYOUT = (
    (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0),  # nil, (never used), false, true
    (0, 1, 0), (0, 2, 0), (0, 4, 0),  # binary
    (1, 1, 0), (1, 2, 0), (1, 4, 0),  # extensions
    (4, 0, 0), (8, 0, 0),  # floats
    (1, 0, 0), (2, 0, 0), (4, 0, 0), (8, 0, 0),  # unsigned
    (1, 0, 0), (2, 0, 0), (4, 0, 0), (8, 0, 0),  # signed
    (2, 0, 0), (3, 0, 0), (5, 0, 0), (9, 0, 0), (17, 0, 0),  # fixed extensions
    (0, 1, 0), (0, 2, 0), (0, 4, 0),  # text
    (0, 2, 1), (0, 4, 1),  # arrays
    (0, 2, 2), (0, 4, 2),  # maps
)  # fmt: skip


def _measure(value: Any) -> None:
    """Walk once, breadth first, counting values and levels; refuse what the profile does not know."""
    level: list[Any] = [value]
    count = 0
    for _ in range(MAX_DEPTH + 1):
        count += len(level)
        if count > MAX_NODES:
            raise TooLarge(f"more than {MAX_NODES} values in one record")
        below: list[Any] = []
        for node in level:
            kind = type(node)
            if kind is list:
                below.extend(node)
            elif kind is dict:
                _check_keys(node)
                below.extend(node.values())
            elif kind is str:
                if not node.isascii() and not unicodedata.is_normalized("NFC", node):
                    raise Malformed("text is not in Unicode normal form C")
            elif kind not in _PLAIN:
                raise Malformed(f"a {kind.__name__} is outside the canonical profile")
        if not below:
            return
        level = below
    raise TooLarge(f"nested deeper than {MAX_DEPTH} levels")


_PLAIN = frozenset({type(None), bool, int, bytes})


def _check_keys(node: dict[Any, Any]) -> None:
    keys = list(node)
    if any(type(key) is not str for key in keys):
        raise Malformed("map keys must be text")
    require_text(*keys)
    if keys != sorted(keys):
        raise Malformed("map keys are not in ascending order")
