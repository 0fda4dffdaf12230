"""One running node: store, transport, services, API."""
