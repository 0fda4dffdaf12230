"""Joint orders (一括発注): a round, sealed pledges, a closing that all deputies compute alike. docs/protocol.md §19."""
