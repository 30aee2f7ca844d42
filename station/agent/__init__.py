"""One booth as a program: everything introduced to everything, started in flow order and stopped in reverse."""

from station.agent.agent import StationAgent

__all__ = ["StationAgent"]
