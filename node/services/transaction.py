"""The names of a transaction and of the store, for those who call services and must not know how a store works."""

from node.store import Store, Tx

__all__ = ["Store", "Tx"]
