/** What the booth recorded beside the pictures: the preparation, a shot against the gate, a picture taken again. */

import { html, nothing, type TemplateResult } from "lit";
import { CATALOGUES, fill, texts } from "../shared/catalogue";
import { number } from "../shared/catalogue/format";
import { verdictIcon } from "../shared/icons";
import type { Conditions, Preparation } from "../wire/protocol";
import type { StillInfo, VisitDetail } from "../wire/server";

/** How skin and room were before the pictures; what nobody entered is said to be missing. */
export function preparationFacts(preparation: Preparation, conditions: Conditions): TemplateResult {
  const { acclimatised_min, room_c, humidity_pct, products } = conditions;
  const { preparations, viewer } = texts();
  const t = viewer.visit;
  return html`<dl data-facts="preparation">
    ${fact(t.skin, preparation === "unspecified" ? "" : preparations[preparation])}
    ${fact(t.rest, printed(acclimatised_min, "min"))} ${fact(t.temperature, printed(room_c, "°C"))}
    ${fact(t.humidity, printed(humidity_pct, "% RH"))} ${fact(t.products, products)}
  </dl>`;
}

function printed(value: number | null, unit: string): string {
  return value === null ? "" : `${number(value)}\u202f${unit}`;
}

function fact(name: string, value: string): TemplateResult {
  return html`<dt>${name}</dt>
    <dd class=${value === "" ? "muted" : ""}>${value || texts().viewer.visit.not_recorded}</dd>`;
}

/** A still of the visit, also one that was taken again; undefined: there is none of this UID. */
export function stillOf(detail: VisitDetail, uid: string): StillInfo | undefined {
  return [...detail.stills, ...detail.replaced].find((one) => one.sop_instance_uid === uid);
}

/** UID of the still that stands for this one: itself, or the last that was taken again for it. */
export function standingFor(detail: VisitDetail, uid: string): string {
  let found = uid;
  for (let left = detail.replaced.length; left > 0; left -= 1) {
    found = stillOf(detail, found)?.replaced_by ?? found;
  }
  return found;
}

/** Why a still was shot against the gate, and what it was taken again for, with ways to the others; `show` shows a still by UID. */
export function circumstances(still: StillInfo, detail: VisitDetail, show: (uid: string) => void): TemplateResult {
  const t = texts().viewer.visit;
  const { override, replaces, replaced_by } = still;
  const way = (uid: string, text: string): TemplateResult | typeof nothing =>
    stillOf(detail, uid) === undefined
      ? html`<p class="small">${fill(t.not_here, { uid })}</p>`
      : html`<button data-show=${uid} @click=${() => show(uid)}>${text}</button>`;
  return html`${replaced_by === null
    ? nothing
    : html`<div class="note warn" data-note="replaced">
        ${verdictIcon("warn", 18)}
        <p>${t.replaced}</p>
        ${way(replaced_by, t.show_newer)}
      </div>`}
  ${override === ""
    ? nothing
    : html`<div class="note warn" data-note="override">
        ${verdictIcon("warn", 18)}
        <p>${t.override} <q>${overridden(override)}</q></p>
      </div>`}
  ${replaces === null
    ? nothing
    : html`<div class="note" data-note="replaces">
        <p>${t.replaces}</p>
        ${way(replaces, t.show_earlier)}
      </div>`}`;
}

/** A reason that the operator chose is told in this language, others as they were written. */
function overridden(reason: string): string {
  const chosen = Object.entries(CATALOGUES.en.framing.reasons).find(([, words]) => words === reason)?.[0];
  return chosen === undefined ? reason : texts().framing.reasons[chosen as keyof typeof CATALOGUES.en.framing.reasons];
}
