"""Seeded clusters: the product on virtual time."""
