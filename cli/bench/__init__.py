"""What the node costs and what it survives, measured on real processes. One object per bench (``report``)."""
