"""Requests that nobody wrote, made from the descriptions that the node serves."""
