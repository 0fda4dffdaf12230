"""Drawings and specifications that a firm shows to firms it names: records, sealing of the content. Knows no file."""
