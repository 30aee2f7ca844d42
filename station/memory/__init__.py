"""What the booth keeps of earlier visits, so that a pose can be taken again: line drawings and where the face was."""

from station.memory.drawing import MAX_WIDTH, Drawing, draw
from station.memory.memory import PatientMemory

__all__ = ["MAX_WIDTH", "Drawing", "PatientMemory", "draw"]
