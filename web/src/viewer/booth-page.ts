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

/** One booth live, with layers. */
@customElement("booth-page")
export class BoothPage extends LitElement {
  @property() booth = "";
  @property({ attribute: false }) preview: LivePreview | null = null;
  @state() private view: OverlayView = DEFAULT_VIEW;
  @state() private figures: LiveFigures | null = null;

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
      .side {
        display: grid;
        gap: 16px;
      }
      dl {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 8px 12px;
        margin: 12px 0 0;
      }
      dt {
        color: var(--muted);
      }
      dd {
        margin: 0;
        text-align: right;
        font-variant-numeric: tabular-nums;
        font-weight: 600;
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
        <live-stage
          .booth=${this.booth}
          .view=${this.view}
          @figures=${(event: CustomEvent<LiveFigures>) => (this.figures = event.detail)}
        ></live-stage>
        <div class="side">
          <section class="card">
            <layer-panel
              heading="Overlay"
              live
              .view=${this.view}
              @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}
            ></layer-panel>
          </section>
          <section class="card">
            <h2>Live figures</h2>
            ${this.figures === null
              ? html`<p class="small muted">Shown as soon as pictures arrive.</p>`
              : figures(this.figures, this.preview)}
          </section>
        </div>
      </div>
    `;
  }
}

function figures(shown: LiveFigures, preview: LivePreview | null): TemplateResult {
  return html`<dl>
    <dt>Pictures per second</dt>
    <dd>${number(shown.framesPerSecond)}</dd>
    <dt>Shown with their own overlay</dt>
    <dd data-figure="match">${Math.round(shown.match * 100)} %</dd>
    ${shown.model === ""
      ? nothing
      : html`<dt>Model ${shown.model}</dt>
          <dd>${number(shown.modelMs)} ms</dd>`}
    ${preview === null
      ? nothing
      : html`${preview.latency_ms === null
            ? nothing
            : html`<dt>Frame in to overlay out</dt>
                <dd>${number(preview.latency_ms)} ms</dd>`}
          <dt>Frames analysed</dt>
          <dd>${preview.answered} of ${preview.received}</dd>
          <dt>Viewers</dt>
          <dd>${preview.viewers}</dd>`}
  </dl>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "booth-page": BoothPage;
  }
}
