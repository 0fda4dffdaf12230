"""The process of catalogues: a supplier offers one partner its items, in versions, and takes them back. Pure."""
