import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { fill, Localised, texts } from "../shared/catalogue";
import { measured, number, percent } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { backIcon } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import "../shared/layer-panel";
import "../shared/verdict-badge";
import { shared } from "../styles/shared";
import type { LivePreview, PreviewVerdict } from "../wire/server";
import "./live-stage";
import type { LiveFigures } from "./live-stage";
import type { Sync } from "./pairing";

const SYNCS: readonly Sync[] = ["exact", "now"];

/** One booth live, with layers. */
@customElement("booth-page")
export class BoothPage extends Localised {
  @property() booth = "";
  @property({ attribute: false }) preview: LivePreview | null = null;
  @property({ attribute: false }) judged: PreviewVerdict | null = null;
  @state() private view: OverlayView = DEFAULT_VIEW;
  @state() private figures: LiveFigures | null = null;
  @state() private sync: Sync = "exact";

  static override styles = [
    shared,
    css`
      .head {
        display: flex;
        align-items: center;
        gap: 10px;
        margin-bottom: 16px;
        overflow-wrap: anywhere;
      }
      .body {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 320px;
        gap: 16px;
        align-items: start;
      }
      .left,
      .side {
        display: grid;
        gap: 16px;
        min-width: 0;
      }
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(124px, 1fr));
        gap: 14px 18px;
        margin: 0;
      }
      dt {
        color: var(--muted);
        font-size: 0.8125rem;
        line-height: 1.35;
      }
      dd {
        margin: 0;
        font-size: 1.125rem;
        font-variant-numeric: tabular-nums;
        font-weight: 600;
      }
      .judged {
        display: grid;
        justify-items: start;
        gap: 10px;
      }
      .judged ul {
        margin: 0;
        padding-left: 20px;
        font-weight: 600;
      }
      .judged li + li {
        margin-top: 6px;
      }
      fieldset {
        border: 0;
        margin: 0;
        min-width: 0;
      }
      legend {
        float: left;
        width: 100%;
        font-weight: 600;
        margin-bottom: 8px;
      }
      label {
        clear: both;
        display: grid;
        grid-template-columns: auto 1fr;
        align-items: center;
        gap: 12px;
        min-height: 48px;
        color: var(--text);
        font-size: 1rem;
        font-weight: 600;
        line-height: 1.3;
      }
      label input {
        width: 20px;
        height: 20px;
        accent-color: var(--accent);
      }
      small {
        display: block;
        color: var(--muted);
        font-size: 0.8125rem;
        font-weight: 400;
      }
      @media (max-width: 980px) {
        .body {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().viewer;
    const meanings: Record<Sync, [string, string]> = {
      exact: [t.live.exact, t.live.exact_meaning],
      now: [t.live.now, t.live.now_meaning],
    };
    return html`
      <div class="head">
        <a class="button" href="#/booths" aria-label=${t.nav.back_booths}>${backIcon()}</a>
        <h1>${fill(t.booth, { id: this.booth })}</h1>
      </div>
      <div class="body">
        <div class="left">
          <live-stage
            .booth=${this.booth}
            .view=${this.view}
            .sync=${this.sync}
            @figures=${(event: CustomEvent<LiveFigures>) => (this.figures = event.detail)}
          ></live-stage>
          ${this.figures === null ? nothing : figures(this.figures, this.preview)}
        </div>
        <div class="side">
          ${judgement(this.judged)}
          <section class="card">
            <layer-panel
              live
              .view=${this.view}
              @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}
            ></layer-panel>
          </section>
          <fieldset class="card">
            <legend>${t.live.timing}</legend>
            ${SYNCS.map(
              (sync) => html`<label>
                <input
                  type="radio"
                  name="sync"
                  value=${sync}
                  .checked=${this.sync === sync}
                  @change=${() => (this.sync = sync)}
                />
                <span>${meanings[sync][0]}<small>${meanings[sync][1]}</small></span>
              </label>`,
            )}
          </fieldset>
        </div>
      </div>
    `;
  }
}

function judgement(judged: PreviewVerdict | null): TemplateResult {
  const t = texts().viewer.live;
  return html`<section class="card judged" aria-label=${t.quality}>
    <h2>${t.quality}</h2>
    ${judged === null
      ? html`<p class="small muted">${t.not_judged}</p>`
      : html`<verdict-badge .verdict=${judged.verdict} label=${judged.verdict === "fail" ? t.not_ready : ""}></verdict-badge>
          ${judged.advice.length === 0 ? nothing : html`<ul>${judged.advice.map((line) => html`<li>${said(line)}</li>`)}</ul>`}
          <small>${t.by_booth}</small>`}
  </section>`;
}

function figures(shown: LiveFigures, preview: LivePreview | null): TemplateResult {
  const t = texts().viewer.live;
  return html`<section class="card" aria-label=${t.figures}>
    <dl>
      ${figure(t.rate, measured(shown.framesPerSecond))} ${figure(t.match, percent(shown.match), "match")}
      ${shown.model === "" ? nothing : figure(fill(t.model, { name: shown.model }), `${number(shown.modelMs)}\u202fms`)}
      ${preview === null || preview.latency_ms === null
        ? nothing
        : figure(t.latency, `${number(preview.latency_ms)}\u202fms`)}
      ${preview === null
        ? nothing
        : html`${figure(t.analysed, fill(t.of, { n: number(preview.answered), total: number(preview.received) }))}
          ${figure(t.dropped, number(preview.dropped))} ${figure(t.viewers, number(preview.viewers))}`}
    </dl>
  </section>`;
}

function figure(label: string, value: string, name = ""): TemplateResult {
  return html`<div data-figure=${name}>
    <dt>${label}</dt>
    <dd>${value}</dd>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "booth-page": BoothPage;
  }
}
