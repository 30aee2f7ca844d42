"""Run the tests in stages, each as many at a time as they bear; options go on to pytest.

Tests of one process share all cores. Those that start programs or browsers of their own wait for them much of the time and run three
at a time. Whole demos keep time and go one after the other. With paths among the options only those run, one after the other.
"""

import subprocess
import sys
from pathlib import Path

TOGETHER = ("--dist", "loadfile", "--no-loadscope-reorder")
DEMOS = ("tests/browser/test_end_to_end.py", "tests/integration/demo")
APART = tuple(word for demo in DEMOS for word in ("--ignore", demo))
STAGES = (
    ("tests/unit", "tests/architecture", "-n", "logical", "--maxprocesses", "4", *TOGETHER),
    ("tests/contract", "tests/integration", "tests/interop", "tests/browser", *APART, "-n", "3", *TOGETHER),
    (*DEMOS, "tests/hardware"),
)
PASSED, FAILED, NONE_CHOSEN = 0, 1, 5
"""Exit statuses of pytest."""


def main(options: list[str]) -> int:
    """The exit status: stages go on past tests that fail, and one without any of the chosen tests is no failure."""
    paths_given = any(Path(option.partition("::")[0]).exists() for option in options)
    statuses = []
    for stage in [()] if paths_given else STAGES:
        status = subprocess.run([sys.executable, "-m", "pytest", *stage, *options]).returncode
        if status not in (PASSED, FAILED, NONE_CHOSEN):
            return status
        statuses.append(status)
    if FAILED in statuses:
        return FAILED
    return PASSED if PASSED in statuses else NONE_CHOSEN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
