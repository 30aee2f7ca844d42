import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { measured, number, quantity } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { qualityName, regionName } from "../shared/words";
import { shared, verdictColours } from "../styles/shared";
import type { QualityMeasure } from "../wire/protocol";
import type { StillQuality } from "../wire/server";

/** The quality record of a still: value, threshold and verdict of every measure. */
@customElement("quality-table")
export class QualityTable extends Localised {
  @property({ attribute: false }) quality: StillQuality | null = null;

  static override styles = [
    shared,
    verdictColours,
    css`
      .scroll {
        overflow-x: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 0.9375rem;
      }
      th {
        font-size: 0.8125rem;
        font-weight: 600;
        color: var(--muted);
        text-align: left;
        padding: 8px 12px 8px 0;
        border-bottom: 1px solid var(--line-strong);
        white-space: nowrap;
      }
      td {
        padding: 9px 12px 9px 0;
        border-bottom: 1px solid var(--line);
        vertical-align: top;
      }
      td:first-child {
        min-width: 170px;
      }
      .number + td,
      .number + th:not(.number) {
        padding-left: 20px;
      }
      .number {
        text-align: right;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .verdict {
        display: inline-flex;
        align-items: center;
        gap: 7px;
        white-space: nowrap;
        font-weight: 600;
        font-size: 0.875rem;
      }
      .advised td {
        border-bottom: 0;
        padding-bottom: 0;
      }
      .advice td {
        padding-top: 2px;
        color: var(--muted);
        font-size: 0.8125rem;
      }
      @media (max-width: 900px) {
        th,
        td {
          padding-right: 8px;
        }
        .number {
          white-space: normal;
        }
        .number + td,
        .number + th:not(.number) {
          padding-left: 8px;
        }
      }
      footer,
      details {
        margin-top: 12px;
      }
      summary {
        cursor: pointer;
        padding: 8px 0;
        min-height: 24px;
        color: var(--muted);
        font-size: 0.875rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().viewer.table;
    const report = this.quality?.server ?? this.quality?.booth ?? null;
    if (report === null) {
      return html`<p class="muted small">${t.no_quality}</p>`;
    }
    const source = this.quality?.server === null ? t.by_booth : t.by_server;
    const made = { recipe: report.recipe, profile: report.profile, version: report.threshold_version };
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${texts().viewer.visit.quality}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t.measure}</th>
              <th scope="col">${t.region}</th>
              <th scope="col" class="number">${t.value}</th>
              <th scope="col" class="number">${t.threshold}</th>
              <th scope="col">${t.verdict}</th>
            </tr>
          </thead>
          <tbody>
            ${report.measures.filter((measure) => !isStandard(measure)).map(row)}
          </tbody>
        </table>
      </div>
      ${standard(report.measures.filter(isStandard))}
      <footer class="small muted">
        ${source} ${fill(t.made_with, made)}
      </footer>`;
  }
}

/** Closed-form measures of ISO/IEC 29794-5, which judge nothing here: the standard's own are unfair to dark skin. */
function isStandard(measure: QualityMeasure): boolean {
  return measure.name.startsWith("iso_");
}

function standard(measures: QualityMeasure[]): TemplateResult | typeof nothing {
  if (measures.length === 0) {
    return nothing;
  }
  return html`<details>
    <summary>${texts().viewer.table.iso}</summary>
    <table>
      <tbody>
        ${measures.map(
          (measure) =>
            html`<tr>
              <td>${qualityName(measure.name)}</td>
              <td class="number">${measure.value === null ? "–" : quantity(measure.value, measure.unit, measured)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}

function row(measure: QualityMeasure): TemplateResult {
  const advised = measure.advice !== "" && measure.verdict !== "pass";
  return html`<tr class=${advised ? "advised" : ""}>
    <td>${qualityName(measure.name)}</td>
    <td>${regionName(measure.region)}</td>
    <td class="number">${measure.value === null ? "–" : quantity(measure.value, measure.unit, measured)}</td>
    <td class="number muted">${measure.threshold === null ? "–" : quantity(measure.threshold, measure.unit, number)}</td>
    <td>
      <span class="verdict ${measure.verdict}">${verdictIcon(measure.verdict, 16)}${texts().verdicts[measure.verdict]}</span>
    </td>
  </tr>
  ${advised ? html`<tr class="advice"><td colspan="5">${said(measure.advice)}</td></tr>` : nothing}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "quality-table": QualityTable;
  }
}
