/** The frame of a playing video that belongs to the metadata of a callback. */

/** Two frames are at least this far apart, µs. */
const SAME_US = 2000;
/** So many frames refused in a row are not late: the clocks have changed. */
const MOST_REFUSED = 5;

/**
 * A busy page runs a video's frame callback when the next frame is shown already, and gets that one's pixels with the earlier
 * one's timestamp. The time inside the frame tells: it is ahead of the metadata's then.
 */
export class FrameGrabber {
  #ahead: number | null = null;
  #refused = 0;

  /** The frame of `mediaTime` (s), which the caller closes; null if it is gone, or there is none yet. */
  grab(video: HTMLVideoElement, mediaTime: number): VideoFrame | null {
    const frame = current(video);
    if (frame === null || this.#belongs(frame.timestamp - mediaTime * 1e6)) {
      return frame;
    }
    frame.close();
    return null;
  }

  /** The video plays another stream from now on. */
  restart(): void {
    this.#ahead = null;
  }

  /** The distance between both clocks is what it was, or less; a lasting change is a new distance. */
  #belongs(ahead: number): boolean {
    const same = this.#ahead === null || this.#refused >= MOST_REFUSED || ahead - this.#ahead < SAME_US;
    this.#refused = same ? 0 : this.#refused + 1;
    this.#ahead = same ? ahead : this.#ahead;
    return same;
  }
}

/** The frame that the video shows; null if the browser cannot give it yet, as happens with the first one. */
function current(video: HTMLVideoElement): VideoFrame | null {
  try {
    return new VideoFrame(video);
  } catch {
    return null;
  }
}
