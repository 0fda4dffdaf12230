"""Real processes, killed, stopped and started again. Slow: each test runs nodes of its own on loopback."""
