"""One booth as a program: everything introduced to everything, started in flow order and stopped in reverse."""

from station.agent.agent import StationAgent
from station.agent.link import Link

__all__ = ["Link", "StationAgent"]
