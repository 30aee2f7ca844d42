/** What was corrected in a visit: what is under way, what was given up, and the history with the pictures that were rejected. */

import { html, nothing, type TemplateResult } from "lit";
import { fill, texts } from "../shared/catalogue";
import { dateTime, personName } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import type { Patient } from "../wire/protocol";
import type { CorrectionInfo, VisitDetail } from "../wire/server";

/** Whether a correction of the visit has not ended. */
export function beingCorrected(detail: VisitDetail): boolean {
  return detail.corrections.some((one) => one.state === "waiting" || one.state === "running");
}

export function correctionNotes(detail: VisitDetail): TemplateResult | typeof nothing {
  const [newest] = detail.corrections;
  if (newest === undefined) {
    return nothing;
  }
  const t = texts().viewer.correct;
  return html`${beingCorrected(detail)
    ? html`<p class="card" role="status" data-note="correcting">
        ${t.under_way} ${newest.error === "" ? nothing : html`<span class="muted">${said(newest.error)}</span>`}
      </p>`
    : nothing}
  ${newest.state === "failed"
    ? html`<p class="card" role="alert" data-note="correction-failed">
        ${verdictIcon("fail", 18)} ${t.failed} ${said(newest.error)}
      </p>`
    : nothing}
  <details class="card corrections">
    <summary>${t.history} (${detail.corrections.length})</summary>
    <ul>
      ${detail.corrections.map((one) => html`<li>${entry(one)}</li>`)}
    </ul>
  </details>`;
}

function entry(one: CorrectionInfo): TemplateResult {
  const t = texts().viewer.correct;
  const told = { date: dateTime(one.requested_at), who: one.requested_by };
  const picture = `/api/stills/${one.still_uid}/image?width=320`;
  return html`${one.still_uid === null ? nothing : html`<img src=${picture} alt="" loading="lazy" width="72" />`}
    <div>
      <p><strong>${headline(one)}</strong></p>
      <p>${fill(t.reason_line, { reason: one.reason })}</p>
      <p class="muted small">${fill(t.entry_line, told)}</p>
    </div>`;
}

function headline(one: CorrectionInfo): string {
  const t = texts().viewer.correct;
  if (one.kind === "reject") {
    return fill(t.rejected, { cause: t.causes[one.cause] });
  }
  const change = fill(t.from_to, { before: named(one.before), after: named(one.after) });
  return `${t.kinds[one.kind]}: ${one.kind === "order" ? (one.order_after?.accession_number ?? "") : change}`;
}

function named(patient: Patient): string {
  return [personName(patient.patient_name), patient.patient_id].filter((part) => part !== "").join(" · ");
}
