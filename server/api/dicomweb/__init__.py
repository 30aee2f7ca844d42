"""DICOMweb (PS3.18 chapter 10) over HTTP."""

from server.api.dicomweb.answers import DICOMWEB
from server.api.dicomweb.routes import routes

__all__ = ["DICOMWEB", "routes"]
