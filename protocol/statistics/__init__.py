"""Sums over many nodes that show no firm: disclosure rules, masks, the records of a question and its rounds."""
