"""Where the face is in the preview, found by the booth alone: box, landmarks, pose, skin and what hides it."""

from station.geometry.finder import FaceFinder, FoundFace
from station.geometry.network import NotLoadable, SkinNetwork
from station.geometry.tracker import FaceTracker, Sighting

__all__ = ["FaceFinder", "FaceTracker", "FoundFace", "NotLoadable", "Sighting", "SkinNetwork"]
