"""Simulated federations whose members have guardians: homes are destroyed, members come back, guardians lie."""
