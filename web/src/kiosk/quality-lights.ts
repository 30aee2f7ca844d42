import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { listed, quantity } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import { qualityName } from "../shared/words";
import { shared, verdictColours } from "../styles/shared";
import type { QualityMeasure, QualityReport, Verdict } from "../wire/protocol";

const ORDER: Verdict[] = ["fail", "warn", "pass", "unknown"];

/** A light per measure, and in words what to do about those that are not good. */
@customElement("quality-lights")
export class QualityLights extends Localised {
  @property({ attribute: false }) report: QualityReport | null = null;

  static override styles = [
    shared,
    verdictColours,
    css`
      ul {
        list-style: none;
        margin: 4px 0 0;
        padding: 0;
        display: grid;
        gap: 10px;
      }
      li {
        display: grid;
        grid-template-columns: 20px 1fr fit-content(40%);
        gap: 1px 10px;
        align-items: center;
      }
      .advice {
        grid-column: 2 / -1;
        font-size: 0.9375rem;
        line-height: 1.4;
        color: var(--muted);
      }
      .value {
        text-align: right;
      }
      .icon {
        display: flex;
      }
    `,
  ];

  override render(): TemplateResult {
    if (this.report === null) {
      return html`<p class="muted">${texts().quality.waiting}</p>`;
    }
    const shown = worstPerName(this.report.measures);
    return html`<ul>
      ${shown.filter((one) => one.verdict !== "unknown").map(light)} ${gap(untold(shown))}
    </ul>`;
  }
}

/** One measure per name, the worst of its regions, worst first. */
export function worstPerName(measures: readonly QualityMeasure[]): QualityMeasure[] {
  const rank = (measure: QualityMeasure): number => ORDER.indexOf(measure.verdict);
  const worst = new Map<string, QualityMeasure>();
  for (const measure of measures) {
    const known = worst.get(measure.name);
    if (known === undefined || rank(measure) < rank(known)) {
      worst.set(measure.name, measure);
    }
  }
  return [...worst.values()].sort((one, other) => rank(one) - rank(other));
}

function light(measure: QualityMeasure): TemplateResult {
  const quiet = measure.verdict === "pass" || measure.advice === "";
  return html`<li data-measure=${measure.name} data-verdict=${measure.verdict}>
    <span class="icon ${measure.verdict}">${verdictIcon(measure.verdict)}</span>
    <span><span class="visually-hidden">${texts().verdicts[measure.verdict]}: </span>${qualityName(measure.name)}</span>
    <span class="muted tabular value">${measure.value === null ? nothing : quantity(measure.value, measure.unit)}</span>
    ${quiet ? nothing : html`<span class="advice">${said(measure.advice)}</span>`}
  </li>`;
}

/** Measures that cannot be told, by the reason. */
function untold(measures: readonly QualityMeasure[]): [string, string[]][] {
  const reasons = new Map<string, string[]>();
  for (const measure of measures.filter((one) => one.verdict === "unknown")) {
    reasons.set(measure.advice, [...(reasons.get(measure.advice) ?? []), qualityName(measure.name)]);
  }
  return [...reasons];
}

function gap(reasons: readonly [string, string[]][]): TemplateResult | typeof nothing {
  const t = texts().quality;
  return reasons.length === 0
    ? nothing
    : html`<li data-verdict="unknown">
        <span class="icon unknown">${verdictIcon("unknown")}</span>
        <span class="muted">${t.unknown}</span>
        ${reasons.map(
          ([reason, names]) =>
            html`<span class="advice">${said(reason)} ${fill(t.leaves_out, { measures: listed(names) })}</span>`,
        )}
      </li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "quality-lights": QualityLights;
  }
}
