import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { date, measured, unitName } from "../shared/catalogue/format";
import { skinName } from "../shared/words";
import { shared } from "../styles/shared";
import type { MeasureSeries, StillHistory } from "../wire/server";

const FACE = "face";
/** Parts of a result that say nothing by themselves. */
const INNER = /^acne_severity_|_(sd|rms)$/;

interface Change {
  series: MeasureSeries;
  before: number;
  after: number;
}

/** What of the face changed from an earlier picture to the one of the history, and whether that is more than chance. */
@customElement("change-table")
export class ChangeTable extends Localised {
  @property({ attribute: false }) history!: StillHistory;
  /** SOP Instance UID. */
  @property() earlier = "";

  static override styles = [
    shared,
    css`
      .scroll {
        overflow-x: auto;
        margin-top: 8px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 0.9375rem;
      }
      th {
        font-size: 0.8125rem;
        color: var(--muted);
        font-weight: 600;
        text-align: right;
        padding: 8px 12px;
        border-bottom: 1px solid var(--line-strong);
        white-space: nowrap;
      }
      th:first-child {
        text-align: left;
        padding-left: 0;
      }
      tbody th {
        font-size: 0.9375rem;
        color: var(--text);
        border-color: var(--line);
        white-space: normal;
      }
      td {
        text-align: right;
        padding: 8px 12px;
        border-bottom: 1px solid var(--line);
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .unit {
        color: var(--muted);
        font-weight: 400;
      }
      .chance {
        display: block;
        font-size: 0.8125rem;
        color: var(--muted);
      }
      .beyond .chance {
        color: var(--text);
        font-weight: 600;
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const changes = this.#changes();
    if (changes.length === 0) {
      return nothing;
    }
    const { compare: t, table } = texts().viewer;
    const [before, after] = [this.#place(this.earlier), this.#place(this.history.sop_instance_uid)];
    const at = (index: number): string => date(this.history.points[index]?.captured_at ?? 0);
    return html`<div class="card">
      <h2>${t.changes}</h2>
      <div class="scroll" role="region" tabindex="0" aria-label=${t.changes}>
        <table>
          <thead>
            <tr>
              <th scope="col">${table.measure}</th>
              <th scope="col">${t.before}<br />${at(before)}</th>
              <th scope="col">${t.after}<br />${at(after)}</th>
              <th scope="col">${t.change}</th>
            </tr>
          </thead>
          <tbody>
            ${changes.map(row)}
          </tbody>
        </table>
      </div>
      ${changes.some((one) => one.series.smallest_change !== null)
        ? nothing
        : html`<p class="small muted" data-repeatability="unknown">${t.unknown}</p>`}
    </div>`;
  }

  #place(uid: string): number {
    return this.history.points.findIndex((point) => point.sop_instance_uid === uid);
  }

  /** Measures of the face that both have, made by one method. */
  #changes(): Change[] {
    const [one, other] = [this.#place(this.earlier), this.#place(this.history.sop_instance_uid)];
    return this.history.series.flatMap((series) => {
      const [before, after] = [series.values[one], series.values[other]];
      const told = series.region === FACE && !INNER.test(series.name) && series.methods[one] === series.methods[other];
      return told && typeof before === "number" && typeof after === "number" ? [{ series, before, after }] : [];
    });
  }
}

function row({ series, before, after }: Change): TemplateResult {
  const t = texts().viewer.compare;
  const change = after - before;
  const beyond = series.smallest_change !== null && Math.abs(change) > series.smallest_change;
  const printed = unitName(series.unit);
  return html`<tr data-measure=${series.name} class=${beyond ? "beyond" : ""}>
    <th scope="row">${skinName(series.name)} ${printed === "" ? nothing : html`<span class="unit">${printed}</span>`}</th>
    <td>${measured(before)}</td>
    <td>${measured(after)}</td>
    <td>
      ${change > 0 ? "+" : change < 0 ? "−" : ""}${measured(Math.abs(change))}
      ${series.smallest_change === null ? nothing : html`<span class="chance">${beyond ? t.beyond : t.within}</span>`}
    </td>
  </tr>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "change-table": ChangeTable;
  }
}
