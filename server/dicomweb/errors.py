"""What a DICOMweb request can be refused for, each with the HTTP status that says it.

ServerError
├── BadRequest       400
└── NotAcceptable    406
"""

from server.errors import ServerError


class BadRequest(ServerError):
    """The request is not one of PS3.18; the text says what to ask instead."""


class NotAcceptable(ServerError):
    """What is asked for does not exist in an acceptable form; the text names those there are."""
