"""That an archived photo holds the picture: decoded again, by another program than the one that encoded it."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from server.dicom.files import jpegls_codestream
from server.errors import BadImage

TIME_LIMIT_S = 120.0
"""A hundred megapixels take five seconds of one core; the decoder yields to everything else."""
_DECODER = Path(__file__).with_name("charls.py")


async def prove_photo(path: Path) -> str:
    """SHA-256 as hex of the decoded RGB bytes of a photo that `build_photo` made.

    Equal to that of the picture's C-contiguous pixels: the archive holds the picture. CharLS holds the interpreter lock
    while it decodes, so it does in an interpreter of its own. Raises `BadImage`, `TimeoutError` over `TIME_LIMIT_S`.
    """
    codestream = await asyncio.to_thread(jpegls_codestream, path)
    command = (sys.executable, "-I", str(_DECODER))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        async with asyncio.timeout(TIME_LIMIT_S):
            digest, reason = await process.communicate(codestream)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = reason.decode(errors="replace").strip()[-200:] or f"exit status {process.returncode}"
        raise BadImage(f"the pixels of {path.name} cannot be decoded: {words}")
    return digest.decode()
