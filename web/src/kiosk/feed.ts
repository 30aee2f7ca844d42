/** The kiosk's WebSocket: states and pictures, with reconnection. */

import { prepareOverlay, type PreparedOverlay } from "../overlay/renderer";
import { Backoff } from "../shared/backoff";
import { LiveSocket } from "../shared/live-socket";
import { unpackPicture, type BoothState, type PictureHeader } from "../wire/booth";

/** A picture with the overlay of exactly that frame. */
export interface LivePicture {
  header: PictureHeader;
  picture: ImageBitmap;
  overlay: PreparedOverlay | null;
}

export interface FeedListener {
  onState(state: BoothState): void;
  onPicture(picture: LivePicture): void;
  onConnected(connected: boolean): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 4000;

export class Feed {
  readonly #listener: FeedListener;
  readonly #socket: LiveSocket;
  #closed = false;
  #busy = false;
  #next: ArrayBuffer | null = null;

  constructor(listener: FeedListener) {
    this.#listener = listener;
    this.#socket = new LiveSocket(
      "/live",
      new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS),
      (data) => this.#receive(data),
      (connected) => listener.onConnected(connected),
    );
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }

  #receive(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      this.#listener.onState(JSON.parse(data) as BoothState);
      return;
    }
    this.#next = data;
    if (!this.#busy) {
      void this.#show();
    }
  }

  /** Decodes one picture at a time; of those that came meanwhile only the newest is shown. */
  async #show(): Promise<void> {
    this.#busy = true;
    try {
      for (let data = this.#take(); data !== null; data = this.#take()) {
        const shown = await decode(data);
        if (this.#closed) {
          shown?.picture.close();
        } else if (shown !== null) {
          this.#listener.onPicture(shown);
        }
      }
    } finally {
      this.#busy = false;
    }
  }

  #take(): ArrayBuffer | null {
    const data = this.#next;
    this.#next = null;
    return data;
  }
}

/** The picture of a message; null if the browser cannot read it. */
async function decode(data: ArrayBuffer): Promise<LivePicture | null> {
  try {
    const { header, jpeg } = unpackPicture(data);
    const overlay = header.overlay === null ? null : await prepareOverlay(header.overlay);
    return { header, overlay, picture: await createImageBitmap(jpeg) };
  } catch {
    return null;
  }
}
