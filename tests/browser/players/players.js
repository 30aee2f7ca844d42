// Eyevinn's WHIP client sends the browser's camera, their player shows what WHEP gives; tests call the functions.
import { WebRTCPlayer } from "@eyevinn/webrtc-player";
import { WHIPClient } from "@eyevinn/whip-web-client";

const video = document.querySelector("video");
let client;
let player;
let frames = 0;

const count = () => {
  frames += 1;
  video.requestVideoFrameCallback(count);
};
video.requestVideoFrameCallback(count);

window.publish = async (endpoint, authkey) => {
  client = new WHIPClient({ endpoint, opts: { authkey, iceServers: [] } });
  const size = { width: 640, height: 360 };
  await client.ingest(await navigator.mediaDevices.getUserMedia({ video: size }));
};
window.watch = async (endpoint, token) => {
  player = new WebRTCPlayer({ video, type: "whep", iceServers: [] });
  await player.load(new URL(endpoint), `Bearer ${token}`);
};
window.shown = () => ({ frames, width: video.videoWidth, height: video.videoHeight });
window.leave = () => player.unload();
window.finish = () => client.destroy();
