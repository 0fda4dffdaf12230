"""The official rules of JP PINT (compiled schematron), run over our output. Nothing here where they are not at hand.

They are looked for below ``../shared/data/jp-pint`` and in the folder that the environment names in
``YUI_JP_PINT_RULES``: one folder for each variant, each with the shared and the Japanese rules as XSLT.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.node.papers.said import PUBLISHED

_VARIANTS = {
    "urn:peppol:pint:nontaxinvoice-1@jp-1": "nontaxinvoice",
    "urn:peppol:pint:selfbilling-1@jp-1": "selfbilling",
    "urn:peppol:pint:billing-1@jp-1": "billing",
}
_FAILED = re.compile(r"<svrl:failed-assert\b.*?</svrl:failed-assert>", re.DOTALL)
_ID = re.compile(r'\bid="([^"]+)"')


@lru_cache(maxsize=1)
def rules() -> dict[str, tuple[Path, ...]]:
    """Variant to its XSLT files; empty where there are none."""
    found: dict[str, tuple[Path, ...]] = {}
    places = [PUBLISHED / "jp-pint"]
    if os.environ.get("YUI_JP_PINT_RULES"):
        places.append(Path(os.environ["YUI_JP_PINT_RULES"]))
    for place in places:
        folders = {path.parent for path in place.rglob("*.xslt")} if place.is_dir() else set()
        for folder in sorted(folders):
            files = tuple(sorted(folder.glob("*.xslt")))
            texts = "".join(path.read_text("utf-8") for path in files)
            name = next((name for urn, name in _VARIANTS.items() if urn in texts), None)
            if name:
                found[name] = files
    return found


@lru_cache(maxsize=1)
def _processor() -> Any:
    return pytest.importorskip("saxonche", reason="saxonche is not installed: official rules are not run")


@lru_cache(maxsize=8)
def _compiled(path: Path) -> Any:
    saxon = _processor()
    processor = saxon.PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def broken(xml: bytes, variant: str) -> list[str]:
    """Ids of the official rules that a document breaks. Skips where the rules are not at hand."""
    if variant not in rules():
        pytest.skip("official JP PINT rules are not at hand (../shared/data/jp-pint, YUI_JP_PINT_RULES)")
    found: list[str] = []
    for path in rules()[variant]:
        processor, stylesheet = _compiled(path)
        node = processor.parse_xml(xml_text=xml.decode("utf-8"))
        report = stylesheet.transform_to_string(xdm_node=node)
        for failed in _FAILED.findall(report):
            named = _ID.search(failed)
            found.append(named[1] if named else failed[:200])
    return found
