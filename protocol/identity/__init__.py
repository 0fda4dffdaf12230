"""Who signs: nodes and members, their records and what ranks above what."""
