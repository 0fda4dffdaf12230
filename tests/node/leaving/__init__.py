"""The export archive of a member."""
