"""The days of the list."""

from datetime import date, datetime, time, timedelta


def window(today: date, days_before: int, days_after: int) -> tuple[date, date]:
    """The first and the last day."""
    return today - timedelta(days=days_before), today + timedelta(days=days_after)


def bounds(first: date, last: date) -> tuple[float, float]:
    """The beginning of the first day and the end of the last, in this computer's time zone, seconds since 1970 UTC."""
    start = datetime.combine(first, time())
    end = datetime.combine(last + timedelta(days=1), time())
    return start.timestamp(), end.timestamp()
