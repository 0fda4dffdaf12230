"""Carrying notices: mail by SMTP, web push by HTTPS, and the round that empties the outbox. Decides nothing."""
