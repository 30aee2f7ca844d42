"""Start a program that ends with its parent and holds no privileges: `launch.py PARENT PROGRAM ARGUMENT…`.

Run by path in a fresh interpreter, because code between fork and exec is not safe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
LAST_CAPABILITY = 63


def main() -> None:
    """Bind this process to its parent (prctl(2)), give up what root has beyond files, become the program."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if os.geteuid() == 0:
        for capability in range(LAST_CAPABILITY + 1):
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    parent, program = int(sys.argv[1]), sys.argv[2]
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.execv(program, sys.argv[2:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
