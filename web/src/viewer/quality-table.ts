import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { verdictIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { measureName, quantity, setting, VERDICTS, words } from "../shared/words";
import { shared } from "../styles/shared";
import type { QualityMeasure } from "../wire/protocol";
import type { StillQuality } from "../wire/server";

/** The quality record of a still: value, threshold and verdict of every measure. */
@customElement("quality-table")
export class QualityTable extends LitElement {
  @property({ attribute: false }) quality: StillQuality | null = null;

  static override styles = [
    shared,
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
      .advice {
        display: block;
        color: var(--muted);
        font-size: 0.8125rem;
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
    const report = this.quality?.server ?? this.quality?.booth ?? null;
    if (report === null) {
      return html`<p class="muted small">The quality of this picture has not been checked yet.</p>`;
    }
    const source = this.quality?.server === null ? "Measured at the booth; the server’s verdict is still to come" : "Measured by the server on the lossless picture";
    return html`<div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col">Region</th>
              <th scope="col" class="number">Value</th>
              <th scope="col" class="number">Threshold</th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            ${report.measures.filter((measure) => !isStandard(measure)).map(row)}
          </tbody>
        </table>
      </div>
      ${standard(report.measures.filter(isStandard))}
      <footer class="small muted">
        ${source}. Recipe ${report.recipe}, profile ${report.profile}, thresholds ${report.threshold_version}.
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
    <summary>For information: measures of ISO/IEC 29794-5</summary>
    <table>
      <tbody>
        ${measures.map(
          (measure) =>
            html`<tr>
              <td>${measureName(measure.name)}</td>
              <td class="number">${measure.value === null ? "–" : quantity(measure.value, measure.unit)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}

function row(measure: QualityMeasure): TemplateResult {
  return html`<tr>
    <td>
      ${measureName(measure.name)}
      ${measure.advice === "" || measure.verdict === "pass"
        ? nothing
        : html`<span class="advice">${measure.advice}</span>`}
    </td>
    <td>${words(measure.region)}</td>
    <td class="number">${measure.value === null ? "–" : quantity(measure.value, measure.unit)}</td>
    <td class="number muted">${measure.threshold === null ? "–" : quantity(measure.threshold, measure.unit, setting)}</td>
    <td>
      <span class="verdict ${measure.verdict}">${verdictIcon(measure.verdict, 16)}${VERDICTS[measure.verdict]}</span>
    </td>
  </tr>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "quality-table": QualityTable;
  }
}
