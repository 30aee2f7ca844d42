"""Records of the trail as syslog messages (RFC 5424) in the frames of syslog over TLS (RFC 5425); PS3.15 section A.6."""

import re

_FACILITY = 10
"""Security and authorization."""
_NOTICE, _WARNING = 5, 4
_MSGID = b"DICOM+RFC3881"
_AT = re.compile(rb'EventDateTime="([0-9T:.Z+-]{19,35})"')
_RESULT = re.compile(rb'EventOutcomeIndicator="(\d+)"')
_APP_NAME, _HOST_NAME = 48, 255


def frame(line: bytes, hostname: str, app: str = "dermabooth") -> bytes:
    """One record, given as its line of the trail, as it goes over the wire.

    Number and hash of the record before stand in the structured data (`chain@32473`), so that a collector that holds
    the messages holds the chain.
    """
    number, before, message = line.split(b" ", 2)
    at, result = _AT.search(message), _RESULT.search(message)
    severity = _NOTICE if result is not None and result[1] == b"0" else _WARNING
    head = b"<%d>1 %s %s %s - %s" % (
        _FACILITY * 8 + severity,
        at[1] if at else b"-",
        _word(hostname, _HOST_NAME),
        _word(app, _APP_NAME),
        _MSGID,
    )
    chain = b'[chain@32473 number="%s" previous="%s"]' % (number, before)
    text = head + b" " + chain + b" \xef\xbb\xbf" + message
    return b"%d %s" % (len(text), text)


def _word(text: str, most: int) -> bytes:
    """Printable ASCII without blanks (RFC 5424 section 6), or the nil value."""
    return bytes(byte for byte in text.encode() if 33 <= byte <= 126)[:most] or b"-"
