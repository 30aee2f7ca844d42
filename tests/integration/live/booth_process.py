"""A booth's preview in a process of its own: `booth_process.py URL TOKEN FPS`; SIGTERM ends it.

Prints one JSON line per overlay (frame id, number painted in that frame, number that the analysis read), one per state,
and its statistics at the end.
"""

import asyncio
import json
import signal
import sys
from dataclasses import asdict

from station.devices import LatestFrame
from station.protocol import Overlay
from station.transport.preview_sender import PreviewSender
from station.transport.webrtc import WebRtcPreviewSender
from tests.integration.live.stamp import frame


def say(**values: object) -> None:
    """One JSON line."""
    print(json.dumps(values), flush=True)


async def film(source: LatestFrame, fps: float, numbers: dict[int, int]) -> None:
    """Put stamped frames; the number differs from the frame id, as in a booth that also takes stills."""
    frame_id = 1000
    while True:
        frame_id += 1 + frame_id % 3
        number = (frame_id * 7) % 50_000
        numbers[frame_id] = number
        source.put(frame(frame_id, number))
        await asyncio.sleep(1 / fps)


async def watch_state(sender: PreviewSender) -> None:
    """Say every change of state."""
    known = None
    while True:
        if sender.state != known:
            known = sender.state
            say(state=known, reason=sender.reason)
        await asyncio.sleep(0.02)


async def main(url: str, token: str, fps: float) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    source, numbers = LatestFrame(), dict[int, int]()

    def hear(overlay: Overlay) -> None:
        say(frame_id=overlay.frame_id, painted=numbers.get(overlay.frame_id), read=overlay.faces[0].box.x)

    async with WebRtcPreviewSender(url, token, source, on_overlay=hear) as sender:
        tasks = [asyncio.create_task(job) for job in (film(source, fps, numbers), watch_state(sender))]
        await stop.wait()
        for task in tasks:
            task.cancel()
    say(stats=asdict(sender.stats))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
