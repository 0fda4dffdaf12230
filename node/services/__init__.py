"""What people and peers ask of a node: one step of a person is one function is one transaction. Speaks no SQL."""
