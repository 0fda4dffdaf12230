"""Groups of firms over nodes: signed facts, each of which says what it has seen, and their fold. Knows no file."""
