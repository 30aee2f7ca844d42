/** Plays a booth's live picture by WHEP and receives its overlays on the data channel `overlay`. */

import { Backoff } from "../shared/backoff";
import type { PreviewOverlay } from "../wire/protocol";

/** Whether it plays, or why not; the reasons are those of the catalogue. */
export type WhepStatus = "playing" | "connecting" | "none" | "unreachable" | "interrupted";

export interface WhepListener {
  onTrack(stream: MediaStream): void;
  /** Without it no overlays are asked for. */
  onOverlay?(message: PreviewOverlay): void;
  onStatus(status: WhepStatus): void;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 8000;
const GATHERING_MS = 1500;
const OVERLAY = "overlay";

export class WhepPlayer {
  readonly #url: string;
  readonly #listener: WhepListener;
  #peer: RTCPeerConnection | null = null;
  #session: string | null = null;
  #retry: number | undefined;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  #closed = false;

  constructor(url: string, listener: WhepListener) {
    this.#url = url;
    this.#listener = listener;
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    window.clearTimeout(this.#retry);
    this.#end();
  }

  async #connect(): Promise<void> {
    this.#listener.onStatus("connecting");
    const peer = this.#makePeer();
    try {
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      const answer = await this.#offer(peer.localDescription?.sdp ?? "");
      if (this.#peer !== peer) {
        release(answer?.session ?? null);
      } else if (answer === null) {
        this.#tryAgain("none");
      } else {
        this.#session = answer.session;
        await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      }
    } catch {
      if (this.#peer === peer) {
        this.#tryAgain("unreachable");
      }
    }
  }

  #makePeer(): RTCPeerConnection {
    const peer = new RTCPeerConnection({ iceServers: [] });
    this.#peer = peer;
    peer.addTransceiver("video", { direction: "recvonly" });
    if (this.#listener.onOverlay !== undefined) {
      this.#listen(peer.createDataChannel(OVERLAY, { ordered: false, maxRetransmits: 0 }));
    }
    peer.ondatachannel = ({ channel }) => {
      if (channel.label === OVERLAY) {
        this.#listen(channel);
      }
    };
    peer.ontrack = ({ track, streams }) => this.#listener.onTrack(streams[0] ?? new MediaStream([track]));
    peer.onconnectionstatechange = () => this.#follow(peer);
    return peer;
  }

  #listen(channel: RTCDataChannel): void {
    const decoder = new TextDecoder();
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      const text = typeof data === "string" ? data : decoder.decode(data);
      this.#listener.onOverlay?.(JSON.parse(text) as PreviewOverlay);
    };
  }

  #follow(peer: RTCPeerConnection): void {
    if (peer !== this.#peer) {
      return;
    }
    if (peer.connectionState === "connected") {
      this.#backoff.reset();
      this.#listener.onStatus("playing");
    } else if (["failed", "disconnected", "closed"].includes(peer.connectionState)) {
      this.#tryAgain("interrupted");
    }
  }

  /** The answer to an offer; null if the booth sends nothing. */
  async #offer(sdp: string): Promise<{ session: string | null; sdp: string } | null> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: sdp,
    });
    if (response.status === 404 || response.status === 409) {
      return null;
    }
    if (response.status !== 201) {
      throw new Error(`WHEP answered ${response.status}`);
    }
    return { session: response.headers.get("Location"), sdp: await response.text() };
  }

  #tryAgain(status: WhepStatus): void {
    if (this.#closed) {
      return;
    }
    this.#end();
    this.#listener.onStatus(status);
    window.clearTimeout(this.#retry);
    this.#retry = window.setTimeout(() => void this.#connect(), this.#backoff.next());
  }

  #end(): void {
    const [peer, session] = [this.#peer, this.#session];
    this.#peer = this.#session = null;
    peer?.close();
    release(session);
  }
}

/** Ends a session at the server. */
function release(session: string | null): void {
  if (session !== null) {
    void fetch(session, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

/** Waits for local candidates, but not for long: on one network they are there at once. */
async function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") {
    return;
  }
  await new Promise<void>((resolve) => {
    const timer = window.setTimeout(resolve, GATHERING_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState === "complete") {
        window.clearTimeout(timer);
        resolve();
      }
    });
  });
}
