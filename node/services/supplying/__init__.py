"""What a shop lets its suppliers see of its sales, what they propose, and what the shop orders of that."""
