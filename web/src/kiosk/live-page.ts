import { css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { texts } from "../shared/catalogue";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import "../shared/layer-panel";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { QualityReport } from "../wire/protocol";
import { KioskScreen } from "./kiosk-screen";
import "./live-picture";
import type { Pictures } from "./pictures";
import "./quality-lights";

const REPORT_EVERY_MS = 400;

/** What the camera sees, with layers and measures, without a visit. */
@customElement("live-page")
export class LivePage extends KioskScreen {
  @property({ attribute: false }) pictures!: Pictures;
  @state() private view: OverlayView = DEFAULT_VIEW;
  @state() private report: QualityReport | null = null;
  #timer: number | undefined;

  static override styles = [
    shared,
    kiosk,
    css`
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(320px, 400px);
        gap: 18px;
        margin-top: 14px;
        align-items: start;
      }
      .left {
        display: grid;
        gap: 14px;
      }
      @media (max-width: 900px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = window.setInterval(() => (this.report = this.pictures.newest?.header.hints ?? null), REPORT_EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.#timer);
  }

  override render(): TemplateResult {
    const t = texts();
    return html`<div class="screen">
      <h1 tabindex="-1">${t.live.heading}</h1>
      <p class="lead">${t.live.hint}</p>
      <div class="columns">
        <div class="left">
          <live-picture .pictures=${this.pictures} .view=${this.view}></live-picture>
          <layer-panel class="card" .view=${this.view} @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}></layer-panel>
        </div>
        <section class="card" aria-labelledby="quality">
          <h2 id="quality">${t.quality.heading}</h2>
          <quality-lights .report=${this.report}></quality-lights>
        </section>
      </div>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "live-page": LivePage;
  }
}
