"""The shipped UBL orders and answers, as papers of the demo's firms.

Owns reading the samples and putting this run's numbers and firms into them; everything else in them stays as written.
Knows no node.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from lxml import etree

from cli.demonstration.firms import FIRMS, Firm

CAC: Final = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC: Final = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
CORPORATE_NUMBER: Final = "0188"  # ISO 6523
SAMPLES: Final = resources.files("node.papers.ubl") / "samples"
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def names(kind: str) -> list[str]:
    """The sample files whose name begins with ``kind`` (order, response)."""
    return sorted(item.name for item in SAMPLES.iterdir() if item.name.startswith(f"{kind}-"))


def number_of(name: str) -> str:
    """The number of the paper in a sample."""
    return _read(name).findtext(f"{CBC}ID") or ""


def order_of(name: str) -> str:
    """The number of the order that a sample response answers."""
    return _read(name).findtext(f"{CAC}OrderReference/{CBC}ID") or ""


def write(name: str, path: Path, number: str, buyer: str, seller: str, order: str = "") -> Path:
    """The sample ``name`` as a paper numbered ``number`` between two firms of the demo, into ``path``."""
    root = _read(name)
    _set(root, f"{CBC}ID", number)
    if order:
        _set(root, f"{CAC}OrderReference/{CBC}ID", order)
    _set_party(root.find(f"{CAC}BuyerCustomerParty/{CAC}Party"), FIRMS[buyer])
    _set_party(root.find(f"{CAC}SellerSupplierParty/{CAC}Party"), FIRMS[seller])
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    return path


def party(firm: Firm) -> Mapping[str, str]:
    """The firm as a paper's party."""
    return {
        "name": firm.name,
        "corporate_number": firm.corporate_number,
        "registration_number": f"T{firm.corporate_number}",
    }


def _read(name: str) -> etree._Element:
    return etree.fromstring((SAMPLES / name).read_bytes(), _PARSER)


def _set(root: etree._Element, path: str, value: str) -> None:
    found = root.find(path)
    if found is None:
        raise ValueError(f"the sample has no {path}")
    found.text = value


def _set_party(found: etree._Element | None, firm: Firm) -> None:
    """Name and corporate number, wherever the sample states them."""
    if found is None:
        raise ValueError("the sample lacks a party")
    for element in found.iter(f"{CBC}EndpointID", f"{CBC}ID", f"{CBC}CompanyID"):
        if element.get("schemeID") == CORPORATE_NUMBER:
            element.text = firm.corporate_number
    for element in found.iter(f"{CBC}RegistrationName"):
        element.text = firm.name
