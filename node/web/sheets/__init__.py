"""The form of each step of a dealing: its fields, how a draft fills them, how what was typed changes the draft.

A sheet never makes a paper of its own: it takes the draft that the dealing wrote (``services.drafting``) and puts in
what a person may say; everything else of the draft stays as it was.
"""

from collections.abc import Mapping
from typing import Final

from node.services.drafting import Step
from node.web.sheets import contract, goods, money
from node.web.sheets.sheet import Column, Field, Sheet

SHEETS: Final[Mapping[Step, Sheet]] = {**contract.SHEETS, **goods.SHEETS, **money.SHEETS}

__all__ = ["SHEETS", "Column", "Field", "Sheet"]
