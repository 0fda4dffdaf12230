"""The peer port: what other nodes call over pinned mutual TLS 1.3."""
