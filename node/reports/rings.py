"""Rings around a member: itself, others of its street, of its city beyond the street, everybody else.

``STREET_ONLY``: those of its street that count in no wider ring, by their own choice.
"""

from __future__ import annotations

from typing import Final

OWN: Final = 0
STREET: Final = 1
CITY: Final = 2
ALL: Final = 3
STREET_ONLY: Final = 4
