"""Cameras and lights of the booth, behind two contracts."""

from station.devices.mailbox import LatestFrame

__all__ = ["LatestFrame"]
