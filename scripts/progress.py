"""Runs a command behind a progress line: `progress.py LABEL -- COMMAND…`.

Without a terminal a line tells that it began and one each half minute that it goes on. Needs nothing but Python:
it runs before anything is installed. The command's output is shown when it fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

SIGN_SECONDS = 30.0
"""Between two signs of life where there is no terminal."""


def _draw(label: str, seconds: float, line: str) -> None:
    blocks = int(seconds * 4) % 20
    bar = "".join("█" if (index - blocks) % 20 < 5 else "░" for index in range(20))
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write(f"\r\033[K{f'{label:<22} {bar} {seconds:4.0f} s  {line}'[:width]}")
    sys.stderr.flush()


class _Signs:
    """Lines for a log: one at once, then one each `SIGN_SECONDS`."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, label: str, seconds: float, line: str) -> None:
        if seconds < self._next:
            return
        passed = f" {self._next:.0f} s" if self._next else ""
        sys.stderr.write(f"{label:<22} …{passed}\n")
        sys.stderr.flush()
        self._next += SIGN_SECONDS


def main() -> int:
    """Run the command; its exit status."""
    label, command = sys.argv[1], sys.argv[3:]
    started = time.monotonic()
    show = _draw if sys.stderr.isatty() else _Signs()
    with tempfile.TemporaryFile("w+b") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            while process.poll() is None:
                show(label, time.monotonic() - started, _last_line(log.fileno()))
                time.sleep(0.25)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
        log.seek(0)
        output = log.read().decode(errors="replace")
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    mark = "done" if process.returncode == 0 else "FAILED"
    sys.stderr.write(f"{label:<22} {mark} in {time.monotonic() - started:.0f} s\n")
    if process.returncode != 0:
        sys.stderr.write(output[-8000:])
    return process.returncode


def _last_line(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, 400, max(0, size - 400)).decode(errors="replace")
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return lines[-1] if lines else ""


if __name__ == "__main__":
    sys.exit(main())
