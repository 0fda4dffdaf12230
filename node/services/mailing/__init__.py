"""Mail for nodes that do not answer: left, sealed, with guardians or a relay, collected there. protocol.md §15.7."""
