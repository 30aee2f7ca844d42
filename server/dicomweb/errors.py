"""What a DICOMweb request can be refused for."""

from server.errors import ServerError


class BadRequest(ServerError):
    """The request is not one of PS3.18; the text says what to ask instead."""


class NotAcceptable(ServerError):
    """What is asked for does not exist in an acceptable form; the text names those there are."""


class Busy(ServerError):
    """Too much is asked at once: try again."""
