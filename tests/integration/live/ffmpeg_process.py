"""FFmpeg's WHIP muxer as a booth: `ffmpeg_process.py URL TOKEN FRAMES [OPTION=VALUE…]`; numbered frames, 15 a second."""

import sys
import time

import av

from tests.integration.live.stamp import HEIGHT, WIDTH, stamped

FPS = 15


def main(url: str, token: str, frames: int, options: dict[str, str]) -> None:
    """Send that many frames, and end the session."""
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
        for number in range(1, frames + 1):
            picture = av.VideoFrame.from_ndarray(stamped(number), format="rgb24")
            picture.pts = number
            container.mux(stream.encode(picture))
            time.sleep(1 / FPS)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), dict(one.split("=", 1) for one in sys.argv[4:]))
