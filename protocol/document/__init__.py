"""The unit of exchange: one signed, immutable fact."""
