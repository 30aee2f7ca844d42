/** The kiosk's WebSocket: states and pictures, with reconnection. */

import { prepareOverlay, type PreparedOverlay } from "../overlay/renderer";
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

const RETRY_MS = 1000;

export class Feed {
  readonly #listener: FeedListener;
  #socket: WebSocket | null = null;
  #retry: number | undefined;
  #closed = false;
  #busy = false;
  #next: ArrayBuffer | null = null;

  constructor(listener: FeedListener) {
    this.#listener = listener;
    this.#open();
  }

  close(): void {
    this.#closed = true;
    window.clearTimeout(this.#retry);
    this.#socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(`ws://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#listener.onConnected(true);
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#receive(event.data);
    socket.onclose = () => {
      if (!this.#closed) {
        this.#listener.onConnected(false);
        this.#retry = window.setTimeout(() => this.#open(), RETRY_MS);
      }
    };
    this.#socket = socket;
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
        const { header, jpeg } = unpackPicture(data);
        const [picture, overlay] = await Promise.all([
          createImageBitmap(jpeg),
          header.overlay === null ? null : prepareOverlay(header.overlay),
        ]);
        this.#listener.onPicture({ header, picture, overlay });
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
