"""Sales of registers (POS): a file's lines checked column by column, partitions by month, the process that does both.

Stores nothing by itself: what is kept stands in the node's store (``node.store.pos``), and the partitions are made
from that. DuckDB is imported only by the processes of :mod:`node.pos.process`. Source: docs/adr/0050-pos.md.
"""
