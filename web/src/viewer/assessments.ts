/** What models say of a face as a whole, picked out of its measures. */

import { texts } from "../shared/catalogue";
import { words } from "../shared/words";
import type { Measure } from "../wire/protocol";

const SEVERITY = "acne_severity";
const ACNE = "acne_probability";
const CONDITION = "condition_";

export interface Severity {
  /** 0 to 4; null: not told, and `reason` says why. */
  grade: number | null;
  reason: string;
  uncertain: boolean;
  estimate: number | null;
  distribution: readonly number[];
  method: string;
}

export interface Probability {
  label: string;
  value: number | null;
  reason: string;
  /** Where it is highest; empty: not told. */
  place: string;
}

/** Whether a measure is shown as an assessment, not in the table. */
export function isAssessment(measure: Measure): boolean {
  return measure.name.startsWith("acne_") || measure.name.startsWith(CONDITION);
}

export function severityOf(measures: readonly Measure[]): Severity | null {
  const told = (name: string): Measure | undefined => measures.find((one) => one.name === name);
  const grade = told(SEVERITY);
  if (grade === undefined) {
    return null;
  }
  return {
    grade: grade.value,
    reason: grade.reason,
    uncertain: (told(`${SEVERITY}_uncertain`)?.value ?? 0) > 0,
    estimate: told(`${SEVERITY}_estimate`)?.value ?? null,
    distribution: [0, 1, 2, 3, 4].map((index) => told(`${SEVERITY}_p${index}`)?.value ?? 0),
    method: grade.method,
  };
}

export function acneOf(measures: readonly Measure[]): Probability | null {
  const found = measures.find((one) => one.name === ACNE);
  return found === undefined ? null : { label: "", value: found.value, reason: found.reason, place: "" };
}

/** Conditions of the face, the likeliest first. */
export function conditionsOf(measures: readonly Measure[]): Probability[] {
  const found = measures.filter((one) => one.name.startsWith(CONDITION));
  return found
    .filter((one) => one.region === "face")
    .map((face) => {
      const name = face.name.slice(CONDITION.length);
      const place = found.find((one) => one.name === face.name && one.region !== "face" && one.value === face.value);
      return {
        label: (texts().viewer.assess.names as Partial<Record<string, string>>)[name] ?? words(name),
        value: face.value,
        reason: face.reason,
        place: place?.region ?? "",
      };
    })
    .sort((one, other) => (other.value ?? -1) - (one.value ?? -1));
}
