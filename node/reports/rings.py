"""Rings around a member: itself, others of its street, of its city beyond the street, everybody else."""

from __future__ import annotations

from typing import Final

OWN: Final = 0
STREET: Final = 1
CITY: Final = 2
ALL: Final = 3
OTHERS: Final = (STREET, CITY, ALL)
