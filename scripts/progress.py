"""Runs a command behind a progress line: `progress.py LABEL -- COMMAND…`.

Needs nothing but Python: it runs before anything is installed. The command's output is shown when it fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time


def _draw(label: str, seconds: float, line: str) -> None:
    if not sys.stderr.isatty():
        return
    blocks = int(seconds * 4) % 20
    bar = "".join("█" if (index - blocks) % 20 < 5 else "░" for index in range(20))
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write(f"\r\033[K{f'{label:<22} {bar} {seconds:4.0f} s  {line}'[:width]}")
    sys.stderr.flush()


def main() -> int:
    """Run the command; its exit status."""
    label, command = sys.argv[1], sys.argv[3:]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+b") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            while process.poll() is None:
                _draw(label, time.monotonic() - started, _last_line(log.fileno()))
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
