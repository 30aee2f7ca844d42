/** The server's events, with reconnection. */

import { Backoff } from "../shared/backoff";
import type { Notice } from "../wire/server";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;

export class Events {
  readonly #onNotice: (notice: Notice) => void;
  readonly #onConnected: (connected: boolean) => void;
  #socket: WebSocket | null = null;
  #retry: number | undefined;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  #closed = false;

  constructor(onNotice: (notice: Notice) => void, onConnected: (connected: boolean) => void) {
    this.#onNotice = onNotice;
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
    const socket = new WebSocket(`${scheme}://${location.host}/api/events`);
    socket.onopen = () => {
      this.#backoff.reset();
      this.#onConnected(true);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.#onNotice(JSON.parse(event.data) as Notice);
    socket.onclose = () => {
      if (!this.#closed) {
        this.#onConnected(false);
        this.#retry = window.setTimeout(() => this.#open(), this.#backoff.next());
      }
    };
    this.#socket = socket;
  }
}
