"""Offers and requests of every kind: vocabulary, signed records, deltas between nodes, and what fits what."""
