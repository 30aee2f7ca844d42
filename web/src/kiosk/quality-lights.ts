import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { verdictIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { listed, measureName, quantity } from "../shared/words";
import { shared } from "../styles/shared";
import type { QualityMeasure, QualityReport, Verdict } from "../wire/protocol";

const ORDER: Verdict[] = ["fail", "warn", "pass", "unknown"];
const SENTENCES: Record<Verdict, string> = {
  pass: "Ready to shoot",
  warn: "Could be better",
  fail: "Not yet",
  unknown: "Not graded",
};

/** Quality of the preview: a light per measure, and in words what to do about those that are not good. */
@customElement("quality-lights")
export class QualityLights extends LitElement {
  @property({ attribute: false }) report: QualityReport | null = null;

  static override styles = [
    shared,
    css`
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
        min-height: 26px;
      }
      ul {
        list-style: none;
        margin: 12px 0 0;
        padding: 0;
        display: grid;
        gap: 9px;
      }
      li {
        display: grid;
        grid-template-columns: 20px 1fr auto;
        gap: 1px 10px;
        align-items: center;
      }
      .advice {
        grid-column: 2 / -1;
        font-size: 0.875rem;
        line-height: 1.4;
        color: var(--muted);
      }
      .pass {
        color: var(--pass);
      }
      .warn {
        color: var(--warn);
      }
      .fail {
        color: var(--fail);
      }
      .unknown {
        color: var(--unknown);
      }
      .icon {
        display: flex;
      }
    `,
  ];

  override render(): TemplateResult {
    const report = this.report;
    const shown = worstPerName(report?.measures ?? []);
    return html`
      <header>
        <h2>Picture quality</h2>
        ${report === null
          ? nothing
          : html`<verdict-badge .verdict=${report.verdict} .label=${SENTENCES[report.verdict]}></verdict-badge>`}
      </header>
      ${report === null
        ? html`<p class="muted small">Measured as soon as the camera delivers.</p>`
        : html`<ul>
            ${shown.filter((one) => one.verdict !== "unknown").map(light)}
            ${gap(untold(shown))}
          </ul>`}
    `;
  }
}

/** One measure per name, the worst of its regions, worst first. */
function worstPerName(measures: readonly QualityMeasure[]): QualityMeasure[] {
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
    <span>${measureName(measure.name)}</span>
    <span class="small muted tabular"
      >${measure.value === null ? nothing : quantity(measure.value, measure.unit)}</span
    >
    ${quiet ? nothing : html`<span class="advice">${measure.advice}</span>`}
  </li>`;
}

/** Measures that cannot be told, by the reason. */
function untold(measures: readonly QualityMeasure[]): [string, string[]][] {
  const reasons = new Map<string, string[]>();
  for (const measure of measures.filter((one) => one.verdict === "unknown")) {
    reasons.set(measure.advice, [...(reasons.get(measure.advice) ?? []), measureName(measure.name).toLowerCase()]);
  }
  return [...reasons];
}

function gap(reasons: readonly [string, string[]][]): TemplateResult | typeof nothing {
  return reasons.length === 0
    ? nothing
    : html`<li data-verdict="unknown">
        <span class="icon unknown">${verdictIcon("unknown")}</span>
        <span class="muted">Not graded</span>
        ${reasons.map(([reason, names]) => html`<span class="advice">${reason} Leaves out ${listed(names)}.</span>`)}
      </li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "quality-lights": QualityLights;
  }
}
