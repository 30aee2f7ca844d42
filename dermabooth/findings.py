"""What `dermabooth doctor` found, as a table."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str
    advice: str = ""


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print the table; exit status 1 unless all is well."""
    table = Table("", "check", Column("found", overflow="fold"), Column("what to do", overflow="fold"))
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]fails[/]"
        table.add_row(mark, finding.what, escape(finding.detail), escape(finding.advice))
    console.print(table)
    if not all(finding.ok for finding in findings):
        sys.exit(1)
