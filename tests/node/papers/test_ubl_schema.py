"""Our main-document schemas say what the published ones say: same elements, same acceptance."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from node.papers import ubl
from node.papers.ubl import names, schema, xml
from protocol.errors import Malformed
from tests.node.papers.mutants import mutants
from tests.node.papers.random_ubl import Generator
from tests.node.papers.said import OURS, published

_XS = "{http://www.w3.org/2001/XMLSchema}"
_LOCATIONS = {
    "urn:un:unece:uncefact:data:specification:CoreComponentTypeSchemaModule:2": "CCTS_CCT_SchemaModule.xsd",
    "http://www.w3.org/2000/09/xmldsig#": "xmldsig-core-schema.xsd",
    "http://uri.etsi.org/01903/v1.3.2#": "XAdES01903v132-201601.xsd",
    "http://uri.etsi.org/01903/v1.4.1#": "XAdES01903v141-201601.xsd",
}
_KINDS = {root.rpartition("}")[2]: root for root in names.ROOTS}


@pytest.fixture(scope="module")
def official(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throw-away copy of the published schemas in which every import says where its module is."""
    folder = tmp_path_factory.mktemp("ubl") / "xsd"
    shutil.copytree(shared_data("ubl-2.1/xsd"), folder, copy_function=shutil.copyfile)
    for path in (folder / "common").glob("*.xsd"):
        path.parent.chmod(0o700)
        text = path.read_text("utf-8")
        for namespace, location in _LOCATIONS.items():
            pattern = rf'(<(?:xsd:)?import\s+namespace="{re.escape(namespace)}")\s*/>'
            text = re.sub(pattern, rf'\1 schemaLocation="{location}"/>', text)
        path.write_text(text, "utf-8")
    return folder


def _official_schema(folder: Path, kind: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(folder / "maindoc" / f"UBL-{kind}-2.1.xsd")))


@pytest.mark.parametrize("kind", _KINDS)
def test_same_elements_in_the_same_order_as_often(official: Path, kind: str) -> None:
    root = etree.parse(str(official / "maindoc" / f"UBL-{kind}-2.1.xsd")).getroot()
    theirs = [
        (e.get("ref"), e.get("minOccurs", "1"), e.get("maxOccurs", "1"))
        for e in next(root.iter(f"{_XS}sequence")).findall(f"{_XS}element")
    ]
    ours = [
        (child.name, str(child.least), "unbounded" if child.most is None else str(child.most))
        for child in schema.grammar().children(_KINDS[kind]) or ()
    ]
    assert ours == theirs
    assert len(ours) > 20


def test_same_order_inside_every_component(official: Path) -> None:
    root = etree.parse(str(official / "common" / "UBL-CommonAggregateComponents-2.1.xsd")).getroot()
    types = {
        str(kind.get("name")): [str(e.get("ref")) for e in kind.iter(f"{_XS}element")]
        for kind in root.findall(f"{_XS}complexType")
    }
    elements = {f"cac:{e.get('name')}": str(e.get("type")) for e in root.findall(f"{_XS}element")}
    assert len(elements) > 500
    for name, kind in elements.items():
        assert [child.name for child in schema.grammar().children(name) or ()] == types[kind], name


def test_same_acceptance_of_samples_random_documents_andmutants(official: Path) -> None:
    theirs = {tag: _official_schema(official, kind) for kind, tag in _KINDS.items()}
    documents = [path.read_bytes() for path in (*OURS, *published())]
    for seed in range(5):
        documents += [Generator(seed).document(tag) for tag in names.ROOTS]
    accepted = refused = 0
    for seed, data in enumerate(documents):
        root = xml.parse(data).root
        for one in (root, *mutants(data, seed)):
            if str(one.tag) not in theirs:
                continue
            verdict = not schema.check(one)
            assert verdict == theirs[str(one.tag)].validate(one), etree.tostring(one)[:2000]
            accepted, refused = accepted + verdict, refused + (not verdict)
    assert accepted > 100
    assert refused > 100


def test_a_finding_names_the_element_and_the_rule() -> None:
    data = next(path for path in OURS if path.name == "order-03-reduced-rate.xml").read_bytes()
    broken = data.replace(b"<cbc:IssueDate>2026-11-19<", b"<cbc:IssueDate>yesterday<")
    broken = broken.replace(b'unitCode="XCT">25<', b'unitCode="XCT">many<')
    fields = {finding.field: finding.rule for finding in ubl.validate(broken)}
    assert "yesterday" in fields["cbc:IssueDate"]
    assert "cbc:Quantity" in fields["cac:OrderLine[2]/cac:LineItem/cbc:Quantity"]


def test_findings_are_bounded() -> None:
    data = next(path for path in OURS if path.name == "order-02-one-line.xml").read_bytes()
    many = data.replace(b"</cac:OrderLine>", b"</cac:OrderLine>" + b"<cac:OrderLine/>" * 500)
    assert 0 < len(ubl.validate(many)) <= schema.MAX_FINDINGS


def test_the_schemas_come_from_files_and_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a schema was asked for over the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    schema.compiled.cache_clear()
    schema.grammar.cache_clear()
    for path in OURS[:2]:
        ubl.validate(path.read_bytes())


def test_other_documents_are_refused_by_name() -> None:
    statement = b'<Statement xmlns="urn:oasis:names:specification:ubl:schema:xsd:Statement-2"/>'
    with pytest.raises(Malformed, match=r"'Statement' .* not an order, order response"):
        ubl.validate(statement)
