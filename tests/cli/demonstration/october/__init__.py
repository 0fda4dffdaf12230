"""The October story."""
