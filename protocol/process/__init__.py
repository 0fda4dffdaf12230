"""Processes between members: what may follow what. Owns the meaning of papers; knows no signature, store or node."""
