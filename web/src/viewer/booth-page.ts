import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { backIcon } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import "../shared/layer-panel";
import { number } from "../shared/words";
import { shared } from "../styles/shared";
import type { LivePreview } from "../wire/server";
import "./live-stage";
import type { LiveFigures } from "./live-stage";
import type { Sync } from "./pairing";

const SYNCS: readonly { sync: Sync; name: string; meaning: string }[] = [
  { sync: "exact", name: "Exact", meaning: "Every frame waits for its own overlay" },
  { sync: "now", name: "Now", meaning: "Frames at once; the overlay follows" },
];

/** One booth live, with layers. */
@customElement("booth-page")
export class BoothPage extends LitElement {
  @property() booth = "";
  @property({ attribute: false }) preview: LivePreview | null = null;
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
    return html`
      <div class="head">
        <a class="button" href="#/booths" aria-label="Back to all booths">${backIcon()}</a>
        <h1>Booth ${this.booth}</h1>
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
          <section class="card">
            <layer-panel
              heading="Overlay"
              live
              .view=${this.view}
              @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}
            ></layer-panel>
          </section>
          <fieldset class="card">
            <legend>Timing</legend>
            ${SYNCS.map(
              ({ sync, name, meaning }) => html`<label>
                <input
                  type="radio"
                  name="sync"
                  value=${sync}
                  .checked=${this.sync === sync}
                  @change=${() => (this.sync = sync)}
                />
                <span>${name}<small>${meaning}</small></span>
              </label>`,
            )}
          </fieldset>
        </div>
      </div>
    `;
  }
}

function figures(shown: LiveFigures, preview: LivePreview | null): TemplateResult {
  return html`<dl class="card" aria-label="Live figures">
    ${figure("Pictures per second", shown.framesPerSecond.toFixed(1))}
    ${figure("With their own overlay", `${Math.round(shown.match * 100)}\u202f%`, "match")}
    ${shown.model === "" ? nothing : figure(`Model ${shown.model}`, `${number(shown.modelMs)}\u202fms`)}
    ${preview === null || preview.latency_ms === null
      ? nothing
      : figure("Frame in to overlay out", `${number(preview.latency_ms)}\u202fms`)}
    ${preview === null
      ? nothing
      : html`${figure("Frames analysed", `${preview.answered} of ${preview.received}`)}
        ${figure("Viewers", String(preview.viewers))}`}
  </dl>`;
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
