"""Sales that suppliers see."""
