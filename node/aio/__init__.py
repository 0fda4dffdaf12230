"""The asyncio driver: sockets, TLS, names, discovery and clocks. Runs the pure machines, decides nothing itself."""
