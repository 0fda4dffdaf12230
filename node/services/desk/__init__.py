"""A member's desk, as its pages show it: what waits today, one dealing with everything on it, the next paper to write.

Reads, numbers and drafts; what is sent goes through ``services.trade``. Knows no page and no language: it gives
names of states and steps, for which ``node.words`` has the words.
"""
