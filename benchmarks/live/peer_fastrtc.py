"""FastRTC as a peer: a stream with a function that draws on each frame, mounted as its users mount it."""

import asyncio
import contextlib
import socket
from typing import Any

import uvicorn  # type: ignore[import-not-found]
from fastapi import FastAPI  # type: ignore[import-not-found]
from fastrtc import Stream  # type: ignore[import-not-found]

from benchmarks.live.peer_work import Work, given, until_closed


async def _main(*, model_ms: float) -> None:
    work, app = Work(model_ms), FastAPI()
    stream = Stream(
        lambda picture: work(picture),
        modality="video",
        mode="send-receive",
        server_rtc_configuration={"iceServers": []},
        verbose=False,
    )
    stream.mount(app)

    async def begin(asked: dict[str, str]) -> dict[str, Any]:
        """As a page does once it is connected; the function is not called before."""
        stream.set_input(asked["webrtc_id"], "__webrtc_value__")
        return {}

    app.post("/begin")(begin)
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.02)
    await until_closed(offer=f"{url}/webrtc/offer", begin=f"{url}/begin")
    server.should_exit = True
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(serving, 5)


if __name__ == "__main__":
    asyncio.run(_main(**given()))
