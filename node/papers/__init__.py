"""Translations between Yui's papers and the formats of the rest of the world, one folder per format.

Owns the mappings. Knows nothing of the store, of links or of who may send what.
"""
