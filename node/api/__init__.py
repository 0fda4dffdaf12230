"""What programs and other nodes call over HTTP."""
