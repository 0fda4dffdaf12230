"""Drills: what guardians hold now is read and put back in a store that nobody else sees, and compared with ours."""
