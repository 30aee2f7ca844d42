"""DICOMweb (PS3.18) over the server's own store and archive."""

from server.dicomweb.accept import Accepted, read_accept
from server.dicomweb.errors import BadRequest, NotAcceptable
from server.dicomweb.objects import Frames
from server.dicomweb.rendering import Picture
from server.dicomweb.service import Address, Body, DicomWeb, Found, etag

__all__ = [
    "Accepted",
    "Address",
    "BadRequest",
    "Body",
    "DicomWeb",
    "Found",
    "Frames",
    "NotAcceptable",
    "Picture",
    "etag",
    "read_accept",
]
