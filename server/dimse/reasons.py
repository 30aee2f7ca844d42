"""Why an association did not come about or ended, in words, with what to do.

WireError
├── TooSlow     no answer in time
├── Closed      the connection ended
├── Garbage     what came is not DICOM, or beyond what is taken
├── Rejected    A-ASSOCIATE-RJ
└── Aborted     A-ABORT
"""

import socket
import ssl
from collections.abc import Mapping

from server.errors import PeerUnavailable, ServerError

_TLS_RECORDS = frozenset(range(0x14, 0x19))
"""Content types of TLS (RFC 8446 section 5.1): what a TLS server answers to plain DICOM."""


class WireError(ServerError):
    """The connection is of no more use."""


class TooSlow(WireError):
    """The other side did not answer in time."""


class Closed(WireError):
    """The connection ended."""

    def __init__(self, text: str, cause: Exception | None = None) -> None:
        super().__init__(text)
        self.cause = cause


class Garbage(WireError):
    """What came is not DICOM, or beyond what is taken."""

    def __init__(self, text: str, first: int = 0) -> None:
        super().__init__(text)
        self.first = first


class Rejected(WireError):
    """A-ASSOCIATE-RJ (PS3.8 section 9.3.4)."""

    def __init__(self, source: int, reason: int) -> None:
        unknown = ("it rejects the association", f"ask there, naming source {source} and reason {reason}")
        text, self.next_step = _REJECTIONS.get((source, reason), unknown)
        super().__init__(text)


class Aborted(WireError):
    """A-ABORT (PS3.8 section 9.3.8)."""


_REJECTIONS: Mapping[tuple[int, int], tuple[str, str]] = {
    (1, 3): (
        "it does not know our AE title",
        "enter our AE title and address there, or correct dicom.ae_title",
    ),
    (1, 7): ("it is not called by that AE title", "correct ae_title to the one that the PACS has"),
    (1, 2): ("it does not know the DICOM application context", "see that host and port are a DICOM system's"),
    (2, 2): ("it does not know this version of the protocol", "see that host and port are a DICOM system's"),
    (3, 1): ("it is congested", "wait: it is tried again"),
    (3, 2): ("it has too many associations", "wait: it is tried again"),
}


def of_connecting(error: Exception, address: tuple[str, int], timeout_s: float) -> PeerUnavailable:
    """Why there is no connection."""
    host, where = address[0], f"{address[0]}:{address[1]}"
    match error:
        case ssl.SSLCertVerificationError():
            return PeerUnavailable(
                f"the certificate of {where} is not accepted: {error.verify_message}",
                "set tls.ca_file to its authority, or tls.host_name to the name in it",
            )
        case ssl.SSLError():
            return _of_tls(error, where)
        case socket.gaierror():
            return PeerUnavailable(f"the name {host} is not known here", "correct host, or the name service")
        case TimeoutError():
            return PeerUnavailable(
                f"{where} did not answer within {timeout_s:g} s",
                "see to host, port and the firewalls between",
            )
        case OSError():
            return _of_system(error, where)
    return PeerUnavailable(f"{where} cannot be reached: {type(error).__name__}", "correct host and port")


def _of_system(error: OSError, where: str) -> PeerUnavailable:
    """Of what the operating system said."""
    match error:
        case ConnectionRefusedError():
            return PeerUnavailable(
                f"nothing listens at {where}", "start the system there, or correct host and port"
            )
        case ConnectionError():
            return PeerUnavailable(
                f"{where} closed the connection at once",
                "see that this computer's address is allowed there, and whether it wants TLS",
            )
    return PeerUnavailable(
        f"{where} cannot be reached: {error.strerror or type(error).__name__}",
        "see to host, port and the network between",
    )


def of_association(error: WireError, peer: str, *, tls: bool, established: bool) -> PeerUnavailable:
    """Why an association with `peer` did not come about, or did not last."""
    match error:
        case Rejected():
            return PeerUnavailable(f"{peer}: {error}", error.next_step)
        case Closed(cause=ssl.SSLError() as cause):
            return _of_tls(cause, peer)
        case Garbage(first=first) if first in _TLS_RECORDS and not tls:
            return PeerUnavailable(f"{peer} speaks TLS at this port", "add tls to its settings")
        case Closed() if tls and not established:
            return _unsaid(peer)
        case Closed() if not established:
            return PeerUnavailable(
                f"{peer} closed the connection when an association was requested",
                "see whether it wants TLS there, and whether this computer's address is allowed",
            )
        case Garbage():
            return PeerUnavailable(f"{peer}: {error}", "see that host and port are a DICOM system's")
        case _:
            return PeerUnavailable(f"{peer}: {error}", "its log says why; it is tried again")


def _of_tls(error: ssl.SSLError, peer: str) -> PeerUnavailable:
    """A handshake that failed; the other side's alert is in the name of the error (RFC 8446 section 6.2)."""
    name = (error.reason or "").upper()
    if "CERTIFICATE_REQUIRED" in name or "HANDSHAKE_FAILURE" in name:
        return PeerUnavailable(
            f"{peer} refuses the TLS handshake: it wants a certificate of ours that it trusts",
            "set tls.certificate_file and tls.key_file, and have their authority trusted there",
        )
    if "ALERT" in name and ("UNKNOWN_CA" in name or "CERTIFICATE" in name):
        return PeerUnavailable(
            f"{peer} does not trust our certificate ({error.reason})",
            "have the authority of tls.certificate_file trusted there",
        )
    if any(word in name for word in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")):
        return PeerUnavailable(f"{peer} does not speak TLS at this port", "correct port, or leave tls out")
    if "PROTOCOL" in name:
        return PeerUnavailable(f"{peer} does not speak TLS 1.2 or later", "have it brought up to date")
    if isinstance(error, ssl.SSLEOFError) or not error.reason:
        return _unsaid(peer)
    return PeerUnavailable(
        f"the TLS connection to {peer} failed: {error.reason}", "see to tls here and there"
    )


def _unsaid(peer: str) -> PeerUnavailable:
    return PeerUnavailable(
        f"{peer} ended the TLS connection without saying why",
        "see that it trusts the authority of tls.certificate_file, and allows this computer's address",
    )
