"""Replenishment."""
