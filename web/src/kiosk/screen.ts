/** Which screen the booth's state asks for. */

import type { BoothState, VisitStatus } from "../wire/booth";

export type ScreenName =
  | "waiting"
  | "starting"
  | "fault"
  | "start"
  | "preparation"
  | "framing"
  | "sequence"
  | "review";

/** The visit under way; null if there is none. */
export function openVisit(booth: BoothState | null): VisitStatus | null {
  return booth?.phase === "shooting" && booth.visit !== null && !booth.visit.closed ? booth.visit : null;
}

/** `prepared`: somebody was chosen, whose visit has not begun. */
export function screenOf(booth: BoothState | null, prepared: boolean): ScreenName {
  if (booth === null) {
    return "waiting";
  }
  const visit = openVisit(booth);
  if (visit !== null) {
    return visit.step === "framing" || visit.step === "ready"
      ? "framing"
      : visit.step === "review"
        ? "review"
        : "sequence";
  }
  if (booth.phase === "starting" || booth.phase === "fault") {
    return booth.phase;
  }
  return prepared ? "preparation" : "start";
}
