"""The process that makes one report: a job on standard input, the answer and the PDF on standard output."""

import os
import sys

import cv2
import msgspec

from server.errors import BadImage, StorageFull
from server.parent import die_with_parent
from server.signing.job import Answer, Job
from server.signing.making import make


def main() -> None:
    """Do it; the answer is one line of JSON."""
    die_with_parent(int(sys.argv[1]))
    os.nice(10)
    cv2.setNumThreads(1)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        answer, pdf = make(job)
    except (BadImage, StorageFull) as error:
        answer, pdf = Answer(problem=str(error), full=isinstance(error, StorageFull)), b""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n" + pdf)


if __name__ == "__main__":
    main()
