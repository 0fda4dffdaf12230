"""Hostile UBL documents, one function each. ``ATTACKS`` says what must become of it; shared by rows 13 and 14."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from protocol.errors import CallerFault, Malformed, TooLarge, YuiError
from protocol.limits import MAX_XML_BYTES, MAX_XML_DEPTH, MAX_XML_NODES
from tests.conftest import ROOT

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_SAMPLE = ROOT / "node" / "papers" / "ubl" / "samples" / "order-02-one-line.xml"
SECRET = "root:x:0"


class Attack(NamedTuple):
    """``make`` builds the document; ``error`` is what reading raises, None when it is read after all."""

    make: Callable[[], bytes]
    error: type[YuiError] | None
    says: str = ""


@lru_cache(maxsize=1)
def plain() -> str:
    """A valid order without its declaration."""
    return _SAMPLE.read_text("utf-8").partition("?>")[2].lstrip()


def raw(text: str, encoding: str = "utf-8") -> bytes:
    return text.encode(encoding)


def with_doctype(internal: str, note: str = "x") -> bytes:
    return f'<?xml version="1.0"?>\n<!DOCTYPE Order [{internal}]>\n{with_note(note).decode()}'.encode()


def with_note(content: str, attributes: str = "") -> bytes:
    return (
        plain()
        .replace("<cbc:DocumentCurrencyCode", f"<cbc:Note{attributes}>{content}</cbc:Note><cbc:DocumentCurrencyCode", 1)
        .encode()
    )


def with_extension(content: str, declarations: str = "") -> bytes:
    extension = (
        f'<ext:UBLExtensions xmlns:ext="{_UBL}CommonExtensionComponents-2"{declarations}><ext:UBLExtension>'
        f"<ext:ExtensionContent>{content}</ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>"
    )
    return plain().replace("<cbc:CustomizationID", extension + "<cbc:CustomizationID", 1).encode()


def in_order(content: str) -> bytes:
    return plain().replace("</Order>", content + "</Order>").encode()


def billion_laughs() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return with_doctype(f'<!ENTITY l0 "lol">{levels}', "&l9;")


def quadratic_blowup() -> bytes:
    return with_doctype(f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 50_000)


def parameter_entities() -> bytes:
    return with_doctype("<!ENTITY % a \"<!ENTITY b SYSTEM 'file:///etc/passwd'>\">%a;", "&b;")


def deep(levels: int) -> bytes:
    return in_order("<cac:Party>" * levels + "</cac:Party>" * levels)


def line_of(quantity: str, amount: str = "") -> bytes:
    text = plain().replace(">20</cbc:Quantity>", f">{quantity}</cbc:Quantity>")
    if amount:
        text = text.replace(
            "</cbc:Quantity>",
            f'</cbc:Quantity><cbc:LineExtensionAmount currencyID="JPY">{amount}</cbc:LineExtensionAmount>',
        )
    return text.encode()


ATTACKS: dict[str, Attack] = {
    # what a document type can do
    "external entity, file": Attack(
        lambda: with_doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), Malformed, "document type"
    ),
    "external entity, http": Attack(
        lambda: with_doctype('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', "&x;"), Malformed, "document type"
    ),
    "external entity, public id": Attack(
        lambda: with_doctype('<!ENTITY x PUBLIC "-//X//Y" "file:///etc/hostname">', "&x;"), Malformed, "document type"
    ),
    "external document type": Attack(
        lambda: raw(f'<!DOCTYPE Order SYSTEM "http://127.0.0.1:9/order.dtd">{plain()}'), Malformed, "document type"
    ),
    "empty document type": Attack(lambda: raw(f"<!DOCTYPE Order>{plain()}"), Malformed, "document type"),
    "document type after a comment": Attack(
        lambda: raw(f"<!-- a --><?p i?>\n<!DOCTYPE Order>{plain()}"), Malformed, "document type"
    ),
    "document type in UTF-16": Attack(
        lambda: f"<!DOCTYPE Order>{plain()}".encode("utf-16"), Malformed, "document type"
    ),
    "document type after the root": Attack(lambda: raw(plain() + "<!DOCTYPE Order>"), Malformed, "well-formed"),
    "document type within the root": Attack(lambda: in_order("<!DOCTYPE Order>"), Malformed, "well-formed"),
    "billion laughs": Attack(billion_laughs, Malformed, "document type"),
    "quadratic blow-up": Attack(quadratic_blowup, Malformed, "document type"),
    "parameter entities": Attack(parameter_entities, Malformed, "document type"),
    "entity in an attribute": Attack(
        lambda: with_doctype('<!ENTITY x "y">').replace(b"<cbc:Note>", b'<cbc:Note languageID="&x;">'),
        Malformed,
        "document type",
    ),
    "attribute default that adds content": Attack(
        lambda: with_doctype('<!ATTLIST Order id ID "x">'), Malformed, "document type"
    ),
    "undefined entity": Attack(lambda: with_note("&nbsp;"), Malformed, "well-formed"),
    # what else fetches or runs
    "XInclude": Attack(
        lambda: in_order('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'),
        Malformed,
        "XInclude",
    ),
    "XInclude in an extension": Attack(
        lambda: with_extension('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'),
        Malformed,
        "XInclude",
    ),
    "stylesheet instruction": Attack(
        lambda: raw(f'<?xml-stylesheet type="text/xsl" href="file:///etc/passwd"?>{plain()}'), None
    ),
    "schema location elsewhere": Attack(
        lambda: (
            plain()
            .replace(
                "<Order ",
                '<Order xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                'xsi:schemaLocation="a http://127.0.0.1:9/a.xsd" ',
            )
            .encode()
        ),
        None,
    ),
    # size and shape
    "ten megabytes": Attack(lambda: with_note("x" * 10_000_000), TooLarge, f"limit is {MAX_XML_BYTES}"),
    "a depth bomb": Attack(lambda: deep(150_000), TooLarge, "too many elements"),
    "a depth just above the limit": Attack(lambda: deep(MAX_XML_DEPTH), TooLarge, "deeper"),
    "a depth above the parser's": Attack(lambda: deep(2_000), TooLarge, "deeper"),
    "unclosed depth": Attack(lambda: b"<a>" * 90_000, TooLarge, "deeper"),
    "a million empty elements": Attack(lambda: in_order("<a/>" * 1_000_000), TooLarge, "too many elements"),
    "elements just above the limit": Attack(lambda: in_order("<a/>" * MAX_XML_NODES), TooLarge, "too many elements"),
    "half a million attributes": Attack(
        lambda: with_note("x", "".join(f" a{n}='1'" for n in range(300_000))), TooLarge, "too many attributes"
    ),
    "a hundred thousand namespaces": Attack(
        lambda: with_extension("<a/>", "".join(f' xmlns:n{n}="urn:{n}"' for n in range(101_000))),
        TooLarge,
        "too many attributes",
    ),
    "the same attribute twice": Attack(lambda: with_note("x", ' a="1" a="2"'), Malformed, "well-formed"),
    "a million character references": Attack(lambda: with_note("&#65;" * 500_000), TooLarge, "too many references"),
    "a name of a megabyte": Attack(lambda: in_order(f"<{'a' * 1_000_000}/>"), Malformed, "well-formed"),
    "a comment that never ends": Attack(lambda: b"<!--" + b"-" * 3_000_000, Malformed, "never ends"),
    "only white space": Attack(lambda: b" " * 3_000_000, Malformed, "is empty"),
    "nothing": Attack(lambda: b"", Malformed, "is empty"),
    # encodings
    "no such encoding": Attack(
        lambda: b'<?xml version="1.0" encoding="x-evil"?>' + plain().encode(), Malformed, "not supported"
    ),
    "UTF-7": Attack(lambda: b'<?xml version="1.0" encoding="UTF-7"?>+ADw-Order/+AD4-', Malformed, "not supported"),
    "says UTF-16 and is not": Attack(
        lambda: b'<?xml version="1.0" encoding="UTF-16"?>' + plain().encode(), Malformed, "says UTF-16"
    ),
    "UTF-32": Attack(lambda: plain().encode("utf-32"), Malformed, "UTF-32"),
    "broken UTF-8": Attack(lambda: plain().encode().replace("ブ".encode(), b"\xe3\x83"), Malformed, "is not utf-8"),
    "overlong UTF-8": Attack(
        lambda: plain().encode().replace(b"<Order ", b"\xc0\xbcOrder ", 1), Malformed, "is not utf-8"
    ),
    "a zero byte": Attack(lambda: with_note("a\0b"), Malformed, "well-formed"),
    "XML 1.1 with a control character": Attack(
        lambda: b'<?xml version="1.1"?>' + with_note("&#1;"), Malformed, "well-formed"
    ),
    "declaration in the middle": Attack(
        lambda: b'\n\n<?xml version="1.0"?>' + plain().encode(), Malformed, "very beginning"
    ),
    # what a document is
    "a waybill": Attack(lambda: raw(f'<Waybill xmlns="{_UBL}Waybill-2"/>'), Malformed, "'Waybill'"),
    "an invoice without anything": Attack(
        lambda: raw(f'<Invoice xmlns="{_UBL}Invoice-2"/>'), CallerFault, "is required"
    ),
    "an order of another namespace": Attack(lambda: b"<Order/>", Malformed, "'Order'"),
    "an order without anything": Attack(lambda: raw(f'<Order xmlns="{_UBL}Order-2"/>'), CallerFault, "is required"),
    "half a file": Attack(lambda: plain().encode()[:1500], Malformed, "breaks off in line"),
    "no XML at all": Attack(lambda: b"PO-1;bracket;1200", Malformed, "the file is not XML"),
    "HTML": Attack(lambda: b"<html><body><p>502 Bad Gateway<br></body></html>", Malformed, "well-formed"),
    "an order inside an order": Attack(lambda: in_order(plain()), None),
    "duplicate ids": Attack(lambda: in_order('<a xmlns="" xml:id="x"/><a xmlns="" xml:id="x"/>'), None),
    # what no paper may say
    "a negative quantity": Attack(lambda: line_of("-1"), CallerFault, "cbc:Quantity: must not be negative"),
    "an overflowing amount": Attack(
        lambda: line_of("1", "9" * 30), CallerFault, "cbc:LineExtensionAmount: larger than"
    ),
    "a number of a megabyte": Attack(lambda: line_of("9" * 1_000_000), TooLarge, "attach"),
    "a huge exponent": Attack(lambda: line_of("1E999999999"), None),
    "a large exponent": Attack(lambda: line_of("1E999"), CallerFault, "larger than"),
    "not a number": Attack(lambda: line_of("NaN"), CallerFault, "cbc:Quantity: 'NaN' is not a decimal number"),
    "a date of no calendar": Attack(
        lambda: plain().replace("2026-11-21", "2026-02-30").encode(),
        CallerFault,
        "cbc:IssueDate: not a date (YYYY-MM-DD)",
    ),
    "a thousand and one lines": Attack(
        lambda: plain().replace("</Order>", "<cac:OrderLine/>" * 1_000 + "</Order>").encode(),
        CallerFault,
        "more than 1000",
    ),
    "three thousand things without a field": Attack(
        lambda: in_order("<cbc:Note>x</cbc:Note>" * 3_000), TooLarge, "more than 2000"
    ),
    "a paper of a megabyte": Attack(lambda: with_extension("<a>" + "x" * 1_000_000 + "</a>"), TooLarge, "attach"),
}
