"""What was tried to refute, how often, and what broke."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.table import Table

SHOWN = 20


@dataclass(frozen=True)
class Claim:
    """Something that must hold; it does if nothing violated it."""

    name: str
    tried: int
    seconds: float
    violations: tuple[str, ...]
    context: str = ""


class Advance(Protocol):
    """Told of progress."""

    def __call__(self, done: float) -> None:
        """So much of the whole, 0 to 1."""


def show(claims: Sequence[Claim], console: Console) -> None:
    """Print the table, and the first violations of each claim."""
    table = Table("claim", "tried", "s", "holds", "context")
    for claim in claims:
        holds = "[red]no[/]" if claim.violations else "[green]yes[/]"
        table.add_row(claim.name, str(claim.tried), f"{claim.seconds:.0f}", holds, claim.context)
    console.print(table)
    for claim in claims:
        for violation in claim.violations[:SHOWN]:
            console.print(f"[red]{claim.name}[/]: {violation}", highlight=False, soft_wrap=True)


def write(claims: Sequence[Claim], path: Path, seed: int) -> None:
    """Write everything as JSON."""
    content = {"seed": seed, "ok": not any(claim.violations for claim in claims)}
    path.write_text(json.dumps({**content, "claims": [asdict(claim) for claim in claims]}, indent=2) + "\n")
