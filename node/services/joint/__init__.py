"""Joint orders at a node: rounds, pledges of members, closing. Protocol §19."""
