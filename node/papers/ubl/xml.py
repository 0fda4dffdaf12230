"""Bytes of strangers to a small tree of elements, and back. The only module that calls an XML parser on foreign bytes.

Owns what may reach the parser at all: size, encoding, no document type, no entities, no XInclude, depth and number
of nodes. Nothing is fetched. Knows nothing of UBL's meaning.

Source: ``docs/threats.md`` row 14; W3C XML 1.0 (5th edition).
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from lxml import etree

from protocol.errors import Malformed, TooLarge
from protocol.limits import KIB, MAX_XML_BYTES, MAX_XML_DEPTH, MAX_XML_NODES

_MAX_PROLOG = 64 * KIB  # characters of comments and white space before the first element
_SPACE = " \t\r\n"
_XINCLUDE = "http://www.w3.org/2001/XInclude"
_MARKUP = 2 * MAX_XML_NODES + 64  # opening and closing tags
_ATTRIBUTES = 2 * MAX_XML_NODES  # equals signs: attributes and namespace declarations
_REFERENCES = 2 * MAX_XML_NODES  # ampersands
# What declared names mean; Shift_JIS in business files is the Windows variant (㈱, ①, 髙).
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "windows-1252": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
}
_WIDE = {"utf-16", "utf-16le", "utf-16be"}
_DECLARATION = re.compile(r"<\?xml[ \t\r\n]([^?]{0,200})\?>")
_VERSION = re.compile(r"""version[ \t\r\n]{0,9}=[ \t\r\n]{0,9}["']([^"']{0,9})["']""")
_ENCODING = re.compile(r"""encoding[ \t\r\n]{0,9}=[ \t\r\n]{0,9}["']([^"']{0,40})["']""")
_MISPLACED = re.compile(r"[^<]{0,4096}<\?xml[ \t\r\n]")
_BOMS = (
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_OTHER_FILES = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Excel file"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
)


class Parsed(NamedTuple):
    """The root element and what was odd about the bytes (sentences for a person)."""

    root: etree._Element
    oddities: tuple[str, ...]


def parse(data: bytes) -> Parsed:
    """Read one XML document of at most MAX_XML_BYTES.

    Raises:
        TooLarge: bytes, elements, attributes or depth above their limits.
        Malformed: unreadable encoding, not well-formed, or with a document type, an entity or an XInclude.
    """
    if len(data) > MAX_XML_BYTES:
        raise TooLarge(f"XML of {len(data)} bytes, the limit is {MAX_XML_BYTES}")
    if not data.strip():
        raise Malformed("the file is empty")
    text, oddities = _decode(data)
    start = _skip_prolog(text)
    _count(text)
    root = _parse_text(text[start:])
    _measure(root)
    return Parsed(root, tuple(oddities))


def _decode(data: bytes) -> tuple[str, list[str]]:
    """Text without byte order mark and XML declaration."""
    for start, what in _OTHER_FILES:
        if data.startswith(start):
            raise Malformed(f"this is {what}, not XML")
    encoding, body = _by_mark(data)
    if encoding is None:
        encoding, body = _declared(data), data
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as broken:
        raise Malformed(f"byte {broken.start} is not {encoding}: damaged, or the encoding is another") from None
    oddities: list[str] = []
    found = _DECLARATION.match(text)
    if found is None:
        if _MISPLACED.match(text):
            raise Malformed("the XML declaration does not stand at the very beginning")
        return text, oddities
    version = _VERSION.search(found[1])
    if version is None or not version[1].startswith("1."):
        raise Malformed("the XML declaration names no version 1.x")
    if version[1] != "1.0":
        oddities.append(f"XML {version[1]} was read as XML 1.0")
    return text[found.end() :], oddities


def _by_mark(data: bytes) -> tuple[str | None, bytes]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            if not encoding:
                raise Malformed("UTF-32 is not supported: save the file as UTF-8")
            return encoding, data[len(mark) :]
    if data[:4] == b"<\0?\0" or data[:2] == b"<\0":
        return "utf-16-le", data
    if data[:4] == b"\0<\0?" or data[:2] == b"\0<":
        return "utf-16-be", data
    return None, data


def _declared(data: bytes) -> str:
    """The encoding that an ASCII-compatible declaration names; UTF-8 when it names none."""
    found = _DECLARATION.match(data[:256].decode("latin-1"))
    named = _ENCODING.search(found[1]) if found else None
    if named is None:
        return "utf-8"
    name = named[1].lower()
    if name in _WIDE:
        raise Malformed(f"the file says {named[1]} but is not")
    if name not in _ENCODINGS:
        raise Malformed(f"encoding {named[1]!r} is not supported: save the file as UTF-8")
    return _ENCODINGS[name]


def _skip_prolog(text: str) -> int:
    """Where the root element starts. A document type can stand only before it (XML 1.0 rule 22)."""
    prolog = text[:_MAX_PROLOG]
    at = 0
    while True:
        at = len(prolog) - len(prolog[at:].lstrip(_SPACE))
        if prolog.startswith("<!--", at):
            at = _after(prolog, "-->", at + 4, "a comment")
        elif prolog.startswith("<?", at):
            at = _after(prolog, "?>", at + 2, "a processing instruction")
        elif prolog.startswith("<!", at):
            raise Malformed("a document type (<!DOCTYPE …>) or entity is not allowed")
        elif prolog.startswith("<", at):
            return at
        else:
            raise Malformed("the file is not XML: no element was found")


def _after(text: str, end: str, at: int, what: str) -> int:
    found = text.find(end, at)
    if found < 0:
        raise Malformed(f"{what} before the first element never ends")
    return found + len(end)


def _count(text: str) -> None:
    """Refuse by counting characters what would cost the parser or us too much."""
    for sign, limit, what in (
        ("<", _MARKUP, "elements"),
        ("=", _ATTRIBUTES, "attributes"),
        ("&", _REFERENCES, "references"),
    ):
        if text.count(sign) > limit:
            raise TooLarge(f"XML with too many {what}: the limit is {MAX_XML_NODES}")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )


def _parse_text(text: str) -> etree._Element:
    try:
        return etree.fromstring(text.encode("utf-8"), _parser())
    except etree.XMLSyntaxError as broken:
        raise _as_fault(broken, text) from None
    except UnicodeEncodeError:
        raise Malformed("the file contains half a character (a lone surrogate)") from None


def _as_fault(broken: etree.XMLSyntaxError, text: str) -> Malformed | TooLarge:
    message = str(broken)
    if "depth" in message.lower():
        return TooLarge(f"XML nested deeper than {MAX_XML_DEPTH} levels")
    line, column = broken.position
    lines = text.rstrip().split("\n")
    if "Premature end" in message or (line == len(lines) and column > len(lines[-1])):
        return Malformed(f"the file breaks off in line {line}: it was not written or sent whole")
    return Malformed(f"not well-formed XML: {message[:200]}")


_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_XML_DEPTH + 1) + ")")
_ELEMENTS = etree.XPath("count(//*)")


def _measure(root: etree._Element) -> None:
    if _TOO_DEEP(root):
        raise TooLarge(f"XML nested deeper than {MAX_XML_DEPTH} levels")
    if float(str(_ELEMENTS(root))) > MAX_XML_NODES:
        raise TooLarge(f"XML with too many elements: the limit is {MAX_XML_NODES}")
    if next(root.iter(f"{{{_XINCLUDE}}}*"), None) is not None:
        raise Malformed("XInclude is not allowed: nothing is fetched for a document")


def serialise(root: etree._Element) -> bytes:
    """UTF-8 with declaration. The caller has indented what may be indented."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
