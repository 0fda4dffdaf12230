"""Offers and requests at a node: publishing, telling peers, finding, and what fits ours."""
