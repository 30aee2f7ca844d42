"""Damage: bytes and configuration texts as accidents and attackers leave them."""

import random

_NUMBERS = (
    b"\x00",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"\x00\x01\x00\x00",
)
_VALUES = (
    "0", "-1", "1e308", "nan", "-inf", "9223372036854775807", '""', '"\\u0000"', "[]", "{}", "true", "1979-05-27",
    '"' + "a" * 5_000 + '"', "[[[[[[[[]]]]]]]]", '"../../../etc/passwd"',
)  # fmt: skip


def damage(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to eight accidents."""
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(damaged) + 1)
        # Headers decide what a decoder does; most damage goes there.
        if rng.random() < 0.6:
            at = min(at, rng.randrange(512))
        match rng.randrange(5):
            case 0:
                damaged[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                number = rng.choice(_NUMBERS)
                damaged[at : at + len(number)] = number
            case 2:
                del damaged[at : at + rng.choice((1, 2, 4, 64, 4096))]
            case 3:
                damaged[at:at] = damaged[at : at + rng.choice((1, 8, 512))] * rng.choice((1, 1, 40))
            case _ if rng.random() < 0.3:
                del damaged[at:]
    return bytes(damaged)


def spoil(text: str, rng: random.Random) -> bytes:
    """A configuration text with wrong values, keys, lines or bytes."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(lines))
        key, equals, _ = lines[at].partition("=")
        match rng.randrange(6):
            case 0 | 1 if equals:
                lines[at] = f"{key}= {rng.choice(_VALUES)}"
            case 2 if equals:
                lines[at] = f"{key.strip()}{rng.choice('x_0')} ={lines[at].partition('=')[2]}"
            case 3:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 4:
                del lines[at]
                lines = lines or [""]
            case _:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    data = "\n".join(lines).encode()
    return damage(data, rng) if rng.random() < 0.3 else data
