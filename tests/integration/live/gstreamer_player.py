"""GStreamer's webrtcbin as a WHEP player: `gstreamer_player.py URL TOKEN FRAMES`, by the system's Python with its gi.

Prints one JSON line: the pictures that were decoded and their size. Ends the session.
"""

import json
import sys
import urllib.parse
import urllib.request
from email.message import Message
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

_LIMIT_S = 60
_CAPS = "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96"
_DECODE = (
    "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=RGB ! fakesink name=sink signal-handoffs=true"
)


class Player:
    """One WHEP session."""

    def __init__(self, url: str, token: str, frames: int) -> None:
        self.url, self.token, self.wanted = url, token, frames
        self.frames = 0
        self.size: list[int] = []
        self.location = ""
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.Pipeline()
        self.peer = Gst.ElementFactory.make("webrtcbin")
        self.peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.peer)
        self.peer.connect("pad-added", self.show)
        self.peer.connect("notify::ice-gathering-state", self.gathered)
        direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        self.peer.emit("add-transceiver", direction, Gst.Caps.from_string(_CAPS))

    def run(self) -> None:
        """Play until enough pictures were seen, or too long."""
        self.pipeline.set_state(Gst.State.PLAYING)
        self.peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offer))
        GLib.timeout_add_seconds(_LIMIT_S, self.loop.quit)
        self.loop.run()
        if self.location:
            self.send("DELETE", self.location)
        self.pipeline.set_state(Gst.State.NULL)

    def offer(self, promise: Any) -> None:
        """The offer is made: gathering begins."""
        promise.wait()
        reply = promise.get_reply()  # owns what it holds
        self.peer.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def gathered(self, *_: Any) -> None:
        """Every candidate is in the offer: it is posted."""
        if self.peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self.post)

    def post(self) -> bool:
        """Post the offer and take the answer."""
        description = self.peer.get_property("local-description")
        headers, body = self.send("POST", self.url, description.sdp.as_text().encode())
        self.location = urllib.parse.urljoin(self.url, headers["Location"])
        _, message = GstSdp.SDPMessage.new_from_text(body.decode())
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.peer.emit("set-remote-description", answer, Gst.Promise.new())
        return False

    def send(self, method: str, url: str, body: bytes | None = None) -> tuple[Message, bytes]:
        """One request; headers and body of the answer."""
        request = urllib.request.Request(url, body, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/sdp")
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.headers, response.read()

    def show(self, _: Any, pad: Any) -> None:
        """A stream has come: decode it."""
        bin_ = Gst.parse_bin_from_description(_DECODE, True)
        bin_.get_by_name("sink").connect("handoff", self.count)
        self.pipeline.add(bin_)
        bin_.sync_state_with_parent()
        pad.link(bin_.get_static_pad("sink"))

    def count(self, _: Any, buffer: Any, pad: Any) -> None:
        """A picture was decoded."""
        caps = pad.get_current_caps().get_structure(0)
        self.frames += 1
        self.size = [caps.get_value("width"), caps.get_value("height")]
        if self.frames == self.wanted:
            GLib.idle_add(self.loop.quit)


if __name__ == "__main__":
    Gst.init(None)
    player = Player(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    player.run()
    print(json.dumps({"frames": player.frames, "size": player.size}))
