"""The process of a deed: terms proposed on an offer, countered, agreed, fulfilled. Pure."""
