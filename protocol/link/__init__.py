"""What travels between two nodes: batches one way, receipts the other."""
