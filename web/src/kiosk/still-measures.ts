import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { quantity } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import { qualityName } from "../shared/words";
import { kiosk } from "../styles/kiosk";
import { shared, verdictColours } from "../styles/shared";
import type { QualityMeasure, QualityReport } from "../wire/protocol";
import { worstPerName } from "./quality-lights";

/** What was measured of a still: value and limit of each measure, and what to do about those that are not good. */
@customElement("still-measures")
export class StillMeasures extends Localised {
  @property({ attribute: false }) report: QualityReport | null = null;

  static override styles = [
    shared,
    kiosk,
    verdictColours,
    css`
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th,
      td {
        text-align: left;
        padding: 7px 6px;
        vertical-align: top;
        font-weight: 400;
      }
      thead th {
        font-size: 0.875rem;
        font-weight: 600;
        color: var(--muted);
        border-bottom: 1px solid var(--line);
      }
      th.number,
      td.number {
        text-align: right;
        white-space: nowrap;
        font-variant-numeric: tabular-nums;
      }
      .name {
        display: grid;
        grid-template-columns: 20px 1fr;
        gap: 8px;
      }
      .advice td {
        padding: 0 6px 9px 34px;
        color: var(--muted);
        font-size: 0.9375rem;
      }
      .icon {
        display: flex;
        padding-top: 2px;
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().review;
    if (this.report === null) {
      return html`<p class="muted">${t.none}</p>`;
    }
    const shown = worstPerName(this.report.measures);
    const bad = shown.filter((one) => one.verdict === "fail" || one.verdict === "warn");
    const rest = shown.filter((one) => one.verdict === "pass" || one.verdict === "unknown");
    return html`${bad.length === 0 ? nothing : table(bad)}
      ${rest.length === 0
        ? nothing
        : html`<details>
            <summary>${bad.length === 0 ? texts().framing.measures : t.more}</summary>
            ${table(rest)}
          </details>`}`;
  }
}

function table(measures: readonly QualityMeasure[]): TemplateResult {
  const t = texts().review;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">${t.measure}</th>
        <th scope="col" class="number">${t.value}</th>
        <th scope="col" class="number">${t.limit}</th>
      </tr>
    </thead>
    <tbody>
      ${measures.map(row)}
    </tbody>
  </table>`;
}

function row(measure: QualityMeasure): TemplateResult {
  const printed = (value: number | null): string => (value === null ? "–" : quantity(value, measure.unit));
  return html`<tr data-measure=${measure.name} data-verdict=${measure.verdict}>
      <th scope="row">
        <span class="name"
          ><span class="icon ${measure.verdict}">${verdictIcon(measure.verdict)}</span
          ><span><span class="visually-hidden">${texts().verdicts[measure.verdict]}: </span>${qualityName(measure.name)}</span></span
        >
      </th>
      <td class="number">${printed(measure.value)}</td>
      <td class="number">${printed(measure.threshold)}</td>
    </tr>
    ${measure.advice === "" || measure.verdict === "pass"
      ? nothing
      : html`<tr class="advice">
          <td colspan="3">${said(measure.advice)}</td>
        </tr>`}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "still-measures": StillMeasures;
  }
}
