"""FFmpeg's WHIP muxer as a booth: `ffmpeg_process.py URL TOKEN [OPTION=VALUE…]`; numbered frames, 15 a second, until SIGTERM."""

import itertools
import signal
import sys
import threading

import av

from tests.integration.live.stamp import HEIGHT, WIDTH, stamped

FPS = 15


def main(url: str, token: str, options: dict[str, str]) -> None:
    """Send until SIGTERM, and end the session."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with av.open(url, "w", format="whip", options={"authorization": token, **options}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {
            "profile": "baseline",
            "preset": "ultrafast",
            "tune": "zerolatency",
            "g": str(FPS),
            "threads": "1",
        }
        for number in itertools.count(1):
            picture = av.VideoFrame.from_ndarray(stamped(number), format="rgb24")
            picture.pts = number
            container.mux(stream.encode(picture))
            if stop.wait(1 / FPS):
                break


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], dict(one.split("=", 1) for one in sys.argv[3:]))
