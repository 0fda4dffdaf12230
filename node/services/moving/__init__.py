"""A member moves while its old home is alive: what each of the two homes does, and when the old one forgets."""
