/** A visit in words. */

import { counted, fill, texts } from "../shared/catalogue";
import { number, personName } from "../shared/catalogue/format";
import type { VisitSummary } from "../wire/server";

/** Whom a visit is of, in a line. */
export function patientLine(visit: VisitSummary): string {
  const { patient_id: id, patient_name: name } = visit.patient;
  return [personName(name), id].filter((part) => part !== "").join(" · ") || texts().viewer.visit.no_patient;
}

/** How far a visit has come. */
export function progressLine(visit: VisitSummary): string {
  const { common, viewer } = texts();
  const told = { stored: number(visit.stored), expected: number(visit.expected) };
  if (visit.closed_at === null) {
    return fill(viewer.visit.under_way, told);
  }
  if (visit.stored < visit.expected) {
    return fill(viewer.visit.arrived, told);
  }
  const pictures = counted(common.pictures, visit.stored);
  return visit.complete === false ? fill(viewer.visit.stopped, { pictures }) : pictures;
}
