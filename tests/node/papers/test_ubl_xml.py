"""Bytes to text: encodings, marks, declarations. What is hostile has its own tests in tests/attacks."""

from __future__ import annotations

import re

import pytest

from node.papers import ubl
from node.papers.ubl import xml
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MAX_XML_BYTES, MAX_XML_DEPTH, MAX_XML_NODES
from tests.node.papers.said import SAMPLES

TEXT = (SAMPLES / "order-02-one-line.xml").read_text("utf-8").partition("?>")[2].lstrip()


def _declared(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{TEXT}'


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        b"\xef\xbb\xbf" + _declared("UTF-8").encode(),
        b"\xef\xbb\xbf" + _declared("utf-16").encode(),  # the mark is right, the name is not
        _declared("utf-8").encode(),
        _declared("UTF8").encode(),
        _declared("UTF-16").encode("utf-16"),
        _declared("UTF-16").encode("utf-16-le"),
        _declared("UTF-16").encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        _declared("Shift_JIS").encode("cp932"),
        _declared("windows-31j").encode("cp932"),
        _declared("euc-jp").encode("euc_jp"),
        f"<?xml version = '1.0' encoding = 'UTF-8' standalone='yes' ?>{TEXT}".encode(),
        f'<?xml version="1.0"?>\n\n<!-- a -->\n<?b c?>\n{TEXT}\n<!-- d -->\n'.encode(),
        TEXT.replace("\n", "\r\n").encode(),
    ],
    ids=range(17),
)
def test_the_same_order_in_any_encoding(data: bytes) -> None:
    reading = ubl.read_order(data)
    assert reading == ubl.read_order(TEXT.encode())
    assert reading.body.seller.name == "挙母架空プレス工業株式会社"


def test_windows_characters_of_shift_jis_are_read() -> None:
    data = _declared("Shift_JIS").replace("ブラケット 左", "㈱髙橋 ①～－").encode("cp932")
    assert ubl.read_order(data).body.lines[0].item.name == "㈱髙橋 ①～－"  # type: ignore[union-attr]


def test_xml_1_1_is_read_as_1_0_and_told() -> None:
    reading = ubl.read_order(f'<?xml version="1.1"?>{TEXT}'.encode())
    assert [str(warning) for warning in reading.warnings] == ["XML 1.1 was read as XML 1.0"]


@pytest.mark.parametrize("version", ["", "2.0", "x"])
def test_another_version_is_refused(version: str) -> None:
    with pytest.raises(Malformed, match="version"):
        ubl.read_order(f'<?xml version="{version}"?>{TEXT}'.encode())


def _nested(levels: int) -> bytes:
    return b"<a>" * levels + b"</a>" * levels


def test_limits_hold_to_the_unit() -> None:
    assert xml.parse(_nested(MAX_XML_DEPTH)).root.tag == "a"
    with pytest.raises(TooLarge, match="deeper"):
        xml.parse(_nested(MAX_XML_DEPTH + 1))
    assert len(xml.parse(b"<a>" + b"<b/>" * (MAX_XML_NODES - 1) + b"</a>").root) == MAX_XML_NODES - 1
    with pytest.raises(TooLarge, match="elements"):
        xml.parse(b"<a>" + b"<b/>" * MAX_XML_NODES + b"</a>")
    most = b"<a>" + b"x" * (MAX_XML_BYTES - 7) + b"</a>"
    assert xml.parse(most).root.tag == "a"
    with pytest.raises(TooLarge, match="bytes"):
        xml.parse(most + b" ")


def test_text_of_leaves_is_left_alone() -> None:
    note = "  two\n lines\t<![CDATA[<&>]]> &#13;&amp;&#x3042; "
    data = TEXT.replace("<cbc:DocumentCurrencyCode", f"<cbc:Note>{note}</cbc:Note><cbc:DocumentCurrencyCode")
    reading = ubl.read_order(data.encode())
    assert reading.body.note == "two\n lines\t<&> \r&あ"
    again = xml.parse(ubl.write(reading.body)).root
    found = again.find("{*}Note")
    assert found is not None
    assert found.text == "  two\n lines\t<&> \r&あ "


@pytest.mark.parametrize(("written", "rule"), [("2026-13-45", r"not a date \(YYYY-MM-DD\)"), ("", "is required")])
def test_a_required_value_that_cannot_be_read_is_not_called_missing(written: str, rule: str) -> None:
    data = (SAMPLES / "order-02-one-line.xml").read_bytes()
    element = f"<cbc:IssueDate>{written}</cbc:IssueDate>".encode() if written else b""
    with pytest.raises(CallerFault, match=f"cbc:IssueDate: {rule}"):
        ubl.read(re.sub(rb"<cbc:IssueDate>[^<]*</cbc:IssueDate>", element, data, count=1))
