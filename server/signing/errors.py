"""Errors of this room."""

from server.errors import ServerError


class Busy(ServerError):
    """Other reports are being made: ask again shortly."""
