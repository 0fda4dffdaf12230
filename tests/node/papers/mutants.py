"""Faulty documents made from good ones."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator

from lxml import etree

from node.papers.ubl import names, xml


def mutants(data: bytes, seed: int) -> Iterator[etree._Element]:
    """Documents with one thing changed: something removed, doubled, moved, renamed or of another type."""
    draw = random.Random(seed)
    for _ in range(25):
        root = xml.parse(data).root
        element = draw.choice(list(root.iter()))
        parent = element.getparent()
        change = draw.choice(["remove", "double", "move", "rename", "retype", "attribute"])
        if change == "remove" and parent is not None:
            parent.remove(element)
        elif change == "double" and parent is not None:
            parent.insert(parent.index(element), copy.deepcopy(element))
        elif change == "move" and parent is not None:
            parent.insert(draw.randrange(len(parent)), element)
        elif change == "rename":
            element.tag = draw.choice([f"{{{names.CBC}}}ID", f"{{{names.CAC}}}Party", f"{{{names.CBC}}}Nothing"])
        elif change == "retype":
            element.text = draw.choice(["", "abc", "-1", "1E2", "2026-13-01", "25:00:00"])
        else:
            element.set(draw.choice(["currencyID", "unitCode", "schemeID", "nothing"]), "X")
        yield root
