"""The database made again from the archive alone."""

from server.rebuild.archived import ArchiveReader, Problem
from server.rebuild.database import Rebuilt, rebuild

__all__ = ["ArchiveReader", "Problem", "Rebuilt", "rebuild"]
