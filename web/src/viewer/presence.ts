/** Which booths are there. */

import type { BoothInfo, LivePreview, PreviewVerdict } from "../wire/server";

/** What the server knows of the booths right now. */
export interface Presence {
  connected: Record<string, boolean>;
  previews: Record<string, LivePreview>;
  judged: Record<string, PreviewVerdict>;
}

export const NOBODY: Presence = { connected: {}, previews: {}, judged: {} };

/** `seen`: nobody has told since the server started. */
export type BoothState = "live" | "connected" | "away" | "seen";

export function presenceOf(booth: BoothInfo, presence: Presence): BoothState {
  if (booth.booth_id in presence.previews) {
    return "live";
  }
  const connected = presence.connected[booth.booth_id] ?? booth.connected;
  return connected === true ? "connected" : connected === false ? "away" : "seen";
}
