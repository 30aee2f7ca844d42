"""Run by its path: print the SHA-256 of the pixels that CharLS decodes from the JPEG-LS codestream on standard input.

It imports nothing of this package, which would take longer than to decode.
"""

import hashlib
import os
import sys

import jpeg_ls
import numpy as np


def main() -> int:
    """0, or 1 with the reason on standard error."""
    os.nice(10)
    try:
        pixels = jpeg_ls.jlsread(sys.stdin.buffer.read())
    except (RuntimeError, ValueError, OverflowError) as error:
        sys.stderr.write(str(error))
        return 1
    sys.stdout.write(hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
