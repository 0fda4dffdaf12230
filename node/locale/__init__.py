"""Message catalogues: LANGUAGE/LC_MESSAGES/yui.po, and the compiled yui.mo that is installed."""
