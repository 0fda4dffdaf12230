"""What an administrator types: parse, call, show, exit code."""
