"""Everything of one member in one file: written, verified without a node, taken in by another node."""
