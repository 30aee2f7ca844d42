"""Numbers with what they count."""


def counted(number: int, one: str) -> str:
    """`1 visit`, `2 visits`; `one` is a noun whose plural ends in s."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"
