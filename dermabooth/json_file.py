"""What a command's `--json` writes."""

import json
from pathlib import Path

import typer


def write_json(path: Path | None, content: object) -> None:
    """Write `content` as indented UTF-8 JSON; the path `-` is the screen, None nowhere."""
    if path is None:
        return
    text = json.dumps(content, indent=2, ensure_ascii=False)
    if str(path) == "-":
        typer.echo(text)
    else:
        path.write_text(text + "\n", "utf-8")
