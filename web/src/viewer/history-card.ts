import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { counted, fill, Localised, texts } from "../shared/catalogue";
import { date, dateTime, measured, quantity, unitName } from "../shared/catalogue/format";
import { regionName, skinName } from "../shared/words";
import { shared } from "../styles/shared";
import type { MeasureSeries, StillHistory } from "../wire/server";
import "./history-plot";

/** Shown first, the first of them that there is. */
const PREFERRED = ["melanin", "acne_severity", "redness_area", "spots_count", "melanin_index"];

/** How a measure of a person went over the visits: a plot, and the same as a table. */
@customElement("history-card")
export class HistoryCard extends Localised {
  @property({ attribute: false }) history: StillHistory | null = null;
  @state() private measure = "";
  @state() private region = "";

  static override styles = [
    shared,
    css`
      .choice {
        display: flex;
        flex-wrap: wrap;
        gap: 12px;
        margin: 10px 0 14px;
      }
      .choice label {
        flex: 0 1 300px;
      }
      select {
        margin-top: 4px;
        font-size: 0.9375rem;
        font-weight: 400;
      }
      .band {
        margin-top: 6px;
      }
      summary {
        min-height: 44px;
        display: flex;
        align-items: center;
        cursor: pointer;
        color: var(--muted);
        font-size: 0.875rem;
        font-weight: 600;
      }
      .scroll {
        overflow-x: auto;
      }
      table {
        border-collapse: collapse;
        font-size: 0.9375rem;
        min-width: 320px;
      }
      th,
      td {
        text-align: left;
        padding: 7px 28px 7px 0;
        border-bottom: 1px solid var(--line);
        font-variant-numeric: tabular-nums;
        font-weight: 400;
      }
      td a {
        display: inline-block;
        padding: 4px 0;
      }
      thead th {
        color: var(--muted);
        font-size: 0.8125rem;
        font-weight: 600;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("history") && this.history !== null) {
      const { series } = this.history;
      if (!series.some((one) => one.name === this.measure)) {
        const names = series.map((one) => one.name);
        this.measure = PREFERRED.find((name) => names.includes(name)) ?? names[0] ?? "";
      }
      this.#keepRegion();
    }
  }

  override render(): TemplateResult {
    const t = texts().viewer.history;
    return html`<section class="card" aria-label=${t.heading}>
      <h2>${t.heading}</h2>
      ${this.#body()}
    </section>`;
  }

  #body(): TemplateResult {
    const t = texts().viewer.history;
    const { history } = this;
    if (history === null) {
      return html`<p class="muted small" role="status">${t.loading}</p>`;
    }
    const shown = history.series.find((one) => one.name === this.measure && one.region === this.region);
    if (!history.known_patient || history.points.length < 2 || shown === undefined) {
      return html`<p class="muted small" data-history="none">${history.known_patient ? t.one : t.no_patient}</p>`;
    }
    return html`${this.#choice(history.series)} ${this.#plot(history, shown)} ${this.#table(history, shown)}`;
  }

  #choice(series: readonly MeasureSeries[]): TemplateResult {
    const t = texts().viewer.history;
    const names = [...new Set(series.map((one) => one.name))].sort((one, other) => skinName(one).localeCompare(skinName(other)));
    const regions = series.filter((one) => one.name === this.measure).map((one) => one.region);
    const option = (code: string, name: string, chosen: boolean): TemplateResult =>
      html`<option value=${code} .selected=${chosen}>${name}</option>`;
    return html`<div class="choice">
      <label
        >${t.measure}<select name="measure" @change=${this.#chooseMeasure}>
          ${names.map((name) => option(name, skinName(name), name === this.measure))}
        </select></label
      >
      <label
        >${t.region}<select name="region" @change=${(event: Event) => (this.region = (event.target as HTMLSelectElement).value)}>
          ${regions.map((region) => option(region, regionName(region), region === this.region))}
        </select></label
      >
    </div>`;
  }

  #plot(history: StillHistory, shown: MeasureSeries): TemplateResult {
    const t = texts().viewer.history;
    const times = history.points.map((point) => point.captured_at);
    const last = shown.values.findLastIndex((value) => value !== null);
    const told = {
      name: skinName(shown.name),
      region: regionName(shown.region),
      last: quantity(shown.values[last] ?? 0, shown.unit, measured),
      at: date(times[last] ?? 0),
    };
    const band = shown.smallest_change;
    return html`<history-plot
        .times=${times}
        .values=${shown.values}
        .current=${this.#current(history)}
        .band=${band}
        time-label=${t.date}
        value-label=${unitName(shown.unit) || told.name}
        summary=${counted(t.summary, shown.values.filter((value) => value !== null).length, told)}
      ></history-plot>
      <p class="band small muted" data-band=${band === null ? "unknown" : "known"}>
        ${band === null ? t.no_band : fill(t.band, { value: quantity(band, shown.unit, measured) })}
      </p>`;
  }

  #table(history: StillHistory, shown: MeasureSeries): TemplateResult {
    const t = texts().viewer.history;
    const current = this.#current(history);
    return html`<details>
      <summary>${t.table}</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">${t.date}</th>
              <th scope="col">${t.value}</th>
            </tr>
          </thead>
          <tbody>
            ${history.points.map((point, index) => {
              const value = shown.values[index] ?? null;
              return html`<tr>
                <td>
                  <a href="#/visits/${point.study_instance_uid}">${dateTime(point.captured_at)}</a>
                  ${index === current ? html`<span class="muted">(${t.this})</span>` : nothing}
                </td>
                <td>${value === null ? texts().viewer.table.not_measurable : quantity(value, shown.unit, measured)}</td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>
    </details>`;
  }

  #current(history: StillHistory): number {
    return history.points.findIndex((point) => point.sop_instance_uid === history.sop_instance_uid);
  }

  readonly #chooseMeasure = (event: Event): void => {
    this.measure = (event.target as HTMLSelectElement).value;
    this.#keepRegion();
  };

  /** The region stays as long as the measure has it. */
  #keepRegion(): void {
    const regions = this.history?.series.filter((one) => one.name === this.measure).map((one) => one.region) ?? [];
    if (!regions.includes(this.region)) {
      this.region = regions.includes("face") ? "face" : (regions[0] ?? "");
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "history-card": HistoryCard;
  }
}
