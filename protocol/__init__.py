"""What two nodes must agree on. Pure: no sockets, files, clocks, entropy, SQL or asyncio."""
