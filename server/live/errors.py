"""Errors of the live plane, each with the HTTP status that says it.

LiveError
├── MalformedOffer     400  not an SDP offer, or larger than any real one
├── OfferRefused       422  a proper offer of something that is not served here
├── NotPublishing      409  nobody sends this booth's picture now: ask again
└── TooManyPeers       503  every place is taken: ask again
"""

from server.errors import ServerError


class LiveError(ServerError):
    """The live plane will not do what was asked."""

    status = 400
    retry_after_s: int | None = None
    """When asking again may help."""


class MalformedOffer(LiveError):
    """Not an SDP offer, or larger than any real one."""


class OfferRefused(LiveError):
    """A proper offer of something that is not served here."""

    status = 422


class NotPublishing(LiveError):
    """Nobody sends this booth's picture now."""

    status = 409
    retry_after_s = 2


class TooManyPeers(LiveError):
    """Every place is taken."""

    status = 503
    retry_after_s = 10
