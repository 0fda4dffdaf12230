"""How nodes live together: pure state machines that take `now` and return effects."""
