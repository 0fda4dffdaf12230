"""What homes, guardians and claimants say to each other: frames, agreements, promises, claims. protocol.md §15."""
