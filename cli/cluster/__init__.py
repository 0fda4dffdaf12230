"""Real nodes on this machine, driven as a person would: the ``yui`` command and the HTTP API. For demo and bench."""
