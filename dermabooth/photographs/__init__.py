"""A user's own photographs: read, examined and written as pictures, JSON and DICOM."""

from dermabooth.photographs.examiner import PhotographExaminer
from dermabooth.photographs.reading import Photograph, read_photograph

__all__ = ["Photograph", "PhotographExaminer", "read_photograph"]
