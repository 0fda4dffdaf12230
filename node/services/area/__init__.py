"""The area (地域): how much is traded by the firms of one association, so that no firm can be read off."""
