"""Who is expected today: the sources of a worklist, and what of it was done."""

from station.worklist.csv_file import CsvWorklist
from station.worklist.done import DoneMarks
from station.worklist.server_list import ServerList
from station.worklist.source import Answer, Expected, WorklistSource

__all__ = ["Answer", "CsvWorklist", "DoneMarks", "Expected", "ServerList", "WorklistSource"]
