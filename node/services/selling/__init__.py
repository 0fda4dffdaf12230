"""Sales of registers: what is kept of a batch, and which partitions hold it."""
