"""``yui demo``: three associations trade on this machine, one is killed, one cut off; every document is counted."""
