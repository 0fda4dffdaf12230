"""Logs to standard error, without business data, and the word to systemd.

Owns the format: JSON lines or a console, control characters escaped by both. Source: docs/operate.
"""

from __future__ import annotations

import logging
import os
import socket
import sys

import structlog

from node.config import LogSection


def configure(section: LogSection) -> None:
    """Set up structured logs once, at start."""
    level = logging.getLevelNamesMapping()[section.level.upper()]
    renderer: structlog.types.Processor
    if section.format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def notify_systemd(state: str) -> None:
    """Tell the service manager, where there is one."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(state.encode())
