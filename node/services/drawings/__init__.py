"""Drawings and specifications: kept in versions, shown to firms that are named, every reading known to the owner."""
