"""Notices: what needs a person, who asked to be told of it, and what climbs when nobody opens it.

Services decide, the outbox of the store remembers, ``node.notices`` carries. No notice holds anything that stands in a
paper: its kind, and a link that asks for the login.
"""
