/** The connection to the server in one sentence. */

import { counted, fill, texts } from "../shared/catalogue";
import type { UplinkStatus } from "../wire/booth";
import type { Verdict } from "../wire/protocol";

export function uplinkText(uplink: UplinkStatus): { verdict: Verdict; text: string } {
  const t = texts().shell;
  if (uplink.parked > 0) {
    return { verdict: "warn", text: counted(t.parked, uplink.parked, { reason: uplink.parked_because }) };
  }
  if (uplink.refused !== "") {
    return { verdict: "fail", text: fill(t.refused, { reason: uplink.refused }) };
  }
  return uplink.connected ? { verdict: "pass", text: t.connected } : { verdict: "warn", text: t.away };
}
