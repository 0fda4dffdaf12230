"""Everything a member owns, as a row of items: collected at its home, rebuilt at another node."""
