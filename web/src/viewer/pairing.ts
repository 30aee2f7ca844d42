/** Which video frame to show next, and with which overlay. */

import type { PreparedOverlay } from "../overlay/renderer";

/** Longest time a frame waits for its overlay, ms. */
const HOLD_MS = 400;
/** Time without any overlay after which frames no longer wait, ms. */
const AWAY_MS = 2000;
const FRAMES = 12;
const OVERLAYS = 48;

export interface HeldFrame {
  rtpTimestamp: number;
  arrivedAt: number;
  frame: VideoFrame;
}

export interface ShownFrame {
  frame: VideoFrame;
  overlay: PreparedOverlay | null;
  /** The overlay was made from this very frame. */
  own: boolean;
}

/** `exact`: a frame waits a little for its own overlay. `now`: it does not, and the newest overlay lies on it. */
export type Sync = "exact" | "now";

/** Times are those of `performance.now()`. A frame that is given out is the caller's to close. */
export class FramePairing {
  sync: Sync = "exact";
  readonly #frames: HeldFrame[] = [];
  readonly #overlays = new Map<number, PreparedOverlay>();
  #lastOverlayAt = -Infinity;

  addFrame(frame: HeldFrame): void {
    this.#frames.push(frame);
    while (this.#frames.length > FRAMES) {
      this.#frames.shift()?.frame.close();
    }
  }

  addOverlay(rtpTimestamp: number, overlay: PreparedOverlay, now: number): void {
    this.#lastOverlayAt = now;
    this.#overlays.set(rtpTimestamp, overlay);
    for (const oldest of this.#overlays.keys()) {
      if (this.#overlays.size <= OVERLAYS) {
        break;
      }
      this.#overlays.delete(oldest);
    }
  }

  /** The newest frame that may be shown now, or null; older ones are let go. */
  take(now: number): ShownFrame | null {
    for (let index = this.#frames.length - 1; index >= 0; index -= 1) {
      const held = this.#frames[index];
      const overlay = held === undefined ? undefined : this.#find(held.rtpTimestamp);
      if (held !== undefined && (overlay !== undefined || now - held.arrivedAt >= this.#patience(now))) {
        this.#frames.splice(0, index).forEach((older) => older.frame.close());
        this.#frames.shift();
        return { frame: held.frame, overlay: overlay ?? this.#newest(now), own: overlay !== undefined };
      }
    }
    return null;
  }

  clear(): void {
    this.#frames.splice(0).forEach((held) => held.frame.close());
    this.#overlays.clear();
  }

  #patience(now: number): number {
    return this.sync === "now" || now - this.#lastOverlayAt > AWAY_MS ? 0 : HOLD_MS;
  }

  /** What lies on a frame that has no overlay of its own yet. */
  #newest(now: number): PreparedOverlay | null {
    const goOn = this.sync === "now" && now - this.#lastOverlayAt <= HOLD_MS;
    return goOn ? ([...this.#overlays.values()].at(-1) ?? null) : null;
  }

  /** Encoders may round a timestamp by one tick. */
  #find(rtpTimestamp: number): PreparedOverlay | undefined {
    return (
      this.#overlays.get(rtpTimestamp) ??
      this.#overlays.get((rtpTimestamp + 1) >>> 0) ??
      this.#overlays.get((rtpTimestamp - 1) >>> 0)
    );
  }
}
