import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { listed, measured, unitName } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { regionName, skinName } from "../shared/words";
import { shared } from "../styles/shared";
import type { Measure } from "../wire/protocol";
import { isAssessment } from "./assessments";

const REGIONS = ["face", "forehead", "right_cheek", "left_cheek", "nose", "chin"];

/** Measures by region: a row per measure, a column per region, and why some cannot be measured. */
@customElement("measure-table")
export class MeasureTable extends Localised {
  @property({ attribute: false }) measures: readonly Measure[] = [];

  static override styles = [
    shared,
    css`
      .scroll {
        overflow-x: auto;
      }
      table {
        border-collapse: collapse;
        width: 100%;
        font-size: 0.9375rem;
      }
      th {
        font-size: 0.8125rem;
        font-weight: 600;
        color: var(--muted);
        text-align: right;
        padding: 8px 12px;
        white-space: nowrap;
        border-bottom: 1px solid var(--line-strong);
      }
      th:first-child,
      tbody th {
        text-align: left;
        padding-left: 0;
      }
      tbody th {
        font-size: 0.9375rem;
        color: var(--text);
        border-bottom: 1px solid var(--line);
        white-space: normal;
        min-width: 170px;
      }
      .unit {
        font-weight: 400;
        color: var(--muted);
      }
      td {
        text-align: right;
        padding: 9px 12px;
        border-bottom: 1px solid var(--line);
        font-variant-numeric: tabular-nums;
      }
      td:last-child,
      th:last-child {
        padding-right: 0;
      }
      .not {
        color: var(--muted);
        font-size: 0.8125rem;
        white-space: nowrap;
      }
      ul {
        margin: 14px 0 0;
        padding: 0;
        list-style: none;
        display: grid;
        gap: 4px;
        font-size: 0.8125rem;
        color: var(--muted);
      }
    `,
  ];

  override render(): TemplateResult {
    if (this.measures.length === 0) {
      return html`<p class="muted small">${texts().viewer.table.no_measures}</p>`;
    }
    const shown = this.measures.filter((measure) => !isAssessment(measure));
    const regions = columns(shown);
    const rows = group(shown);
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${texts().viewer.visit.measures}>
        <table>
          <thead>
            <tr>
              <th scope="col">${texts().viewer.table.measure}</th>
              ${regions.map((region) => html`<th scope="col">${regionName(region)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              ([name, cells]) => html`<tr data-measure=${name}>
                <th scope="row" title=${[...cells.values()][0]?.method ?? ""}>
                  ${skinName(name)}
                  ${shownUnit(cells) === "" ? nothing : html`<span class="unit">${shownUnit(cells)}</span>`}
                </th>
                ${regions.map((region) => html`<td>${cell(cells.get(region))}</td>`)}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${reasons(shown)}`;
  }
}

function columns(measures: readonly Measure[]): string[] {
  const found = [...new Set(measures.map((measure) => measure.region))];
  const rank = (region: string): number => {
    const index = REGIONS.indexOf(region);
    return index < 0 ? REGIONS.length : index;
  };
  return found.sort((one, other) => rank(one) - rank(other));
}

function group(measures: readonly Measure[]): [string, Map<string, Measure>][] {
  const rows = new Map<string, Map<string, Measure>>();
  for (const measure of measures) {
    const cells = rows.get(measure.name) ?? new Map<string, Measure>();
    cells.set(measure.region, measure);
    rows.set(measure.name, cells);
  }
  return [...rows];
}

function shownUnit(cells: Map<string, Measure>): string {
  return unitName([...cells.values()][0]?.unit ?? "");
}

function cell(measure: Measure | undefined): TemplateResult | string {
  const t = texts().viewer.table;
  if (measure === undefined) {
    return html`<span class="not" role="img" aria-label=${t.not_sought}>–</span>`;
  }
  return measure.value === null
    ? html`<span class="not" >${t.not_measurable}</span>`
    : measured(measure.value);
}

/** Each reason once, with what it keeps from being measured. */
function reasons(measures: readonly Measure[]): TemplateResult | typeof nothing {
  const found = new Map<string, Set<string>>();
  for (const measure of measures.filter((one) => one.value === null)) {
    found.set(measure.reason, (found.get(measure.reason) ?? new Set()).add(skinName(measure.name)));
  }
  return found.size === 0
    ? nothing
    : html`<ul>
        ${[...found].map(([reason, names]) => html`<li>${listed([...names])}${texts().viewer.colon}${reason === "" ? texts().viewer.table.not_measurable : said(reason)}</li>`)}
      </ul>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "measure-table": MeasureTable;
  }
}
