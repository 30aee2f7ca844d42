/** The server's events, with reconnection. */

import { Backoff } from "../shared/backoff";
import { LiveSocket } from "../shared/live-socket";
import type { Notice } from "../wire/server";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;

/** Tells of notices, and whether they can come, until it is closed. */
export function serverEvents(onNotice: (notice: Notice) => void, onConnected: (connected: boolean) => void): LiveSocket {
  const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  return new LiveSocket("/api/events", backoff, (data) => onNotice(JSON.parse(data as string) as Notice), onConnected);
}
