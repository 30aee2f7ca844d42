"""Copies for research: identities removed after PS3.15 annex E, faces masked, measures as tables."""

from server.export.exporter import Exporter, record_path
from server.export.options import ExportOptions, Faces, Option
from server.export.pseudonyms import Pseudonyms, open_pseudonyms
from server.export.record import ExportRecord, Tally, reasons
from server.export.selection import Selection

__all__ = [
    "ExportOptions",
    "ExportRecord",
    "Exporter",
    "Faces",
    "Option",
    "Pseudonyms",
    "Selection",
    "Tally",
    "open_pseudonyms",
    "reasons",
    "record_path",
]
