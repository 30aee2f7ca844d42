"""Rows of the report."""

from typing import Any

Row = dict[str, Any]


def at_most(name: str, value: float, unit: str, goal: float, context: str, digits: int = 1) -> Row:
    """A figure that should not exceed its goal."""
    return _row(name, value, unit, f"<= {goal:g}", value <= goal, context, digits)


def at_least(name: str, value: float, unit: str, goal: float, context: str, digits: int = 1) -> Row:
    """A figure that should reach its goal."""
    return _row(name, value, unit, f">= {goal:g}", value >= goal, context, digits)


def plain(name: str, value: float, unit: str, context: str, digits: int = 1) -> Row:
    """A figure without a goal."""
    return _row(name, value, unit, None, None, context, digits)


def missing(name: str, why: str) -> Row:
    """What could not be measured, and why."""
    return {"name": name, "value": "not measured", "unit": "", "goal": None, "met": None, "context": why}


def _row(
    name: str, value: float, unit: str, goal: str | None, met: bool | None, context: str, digits: int
) -> Row:
    shown = round(value, digits) if digits else round(value)
    return {"name": name, "value": shown, "unit": unit, "goal": goal, "met": met, "context": context}
