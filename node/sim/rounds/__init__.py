"""Simulated joint rounds: the product's conductors, seeded firms, messages late or lost, associations dark."""
