/** A WebSocket of the program that served the page, opened again whenever it closes. */

import { Backoff } from "./backoff";

export class LiveSocket {
  readonly #path: string;
  readonly #backoff: Backoff;
  readonly #onMessage: (data: string | ArrayBuffer) => void;
  readonly #onConnected: (connected: boolean) => void;
  #socket: WebSocket | null = null;
  #retry: number | undefined;
  #closed = false;

  constructor(
    path: string,
    backoff: Backoff,
    onMessage: (data: string | ArrayBuffer) => void,
    onConnected: (connected: boolean) => void,
  ) {
    this.#path = path;
    this.#backoff = backoff;
    this.#onMessage = onMessage;
    this.#onConnected = onConnected;
    this.#open();
  }

  close(): void {
    this.#closed = true;
    window.clearTimeout(this.#retry);
    this.#socket?.close();
  }

  #open(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.#path}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#backoff.reset();
      this.#onConnected(true);
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => this.#onMessage(data);
    socket.onclose = () => {
      if (!this.#closed) {
        this.#onConnected(false);
        this.#retry = window.setTimeout(() => this.#open(), this.#backoff.next());
      }
    };
    this.#socket = socket;
  }
}
