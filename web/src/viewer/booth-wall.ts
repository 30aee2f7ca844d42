import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { counted, Localised, texts } from "../shared/catalogue";
import { cameraIcon } from "../shared/icons";
import { shared } from "../styles/shared";
import type { BoothInfo } from "../wire/server";
import { get, sentence } from "./api";
import "./booth-card";
import { pageStyles } from "./page-styles";
import { NOBODY, type Presence, presenceOf } from "./presence";
import "./problem-note";

/** Live pictures at one time: each costs this browser a decoder, and the server nothing but forwarding. */
const MOST_LIVE = 6;

/** Every booth: its state, its picture, and the verdict on the last still. */
@customElement("booth-wall")
export class BoothWall extends Localised {
  @property({ attribute: false }) presence: Presence = NOBODY;
  @state() private booths: BoothInfo[] | null = null;
  @state() private problem = "";

  static override styles = [
    shared,
    pageStyles,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 4px 18px;
        margin-bottom: 18px;
      }
      .counts {
        display: flex;
        gap: 14px;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr));
        gap: 16px;
      }
      .empty svg {
        width: 40px;
        height: 40px;
        color: var(--muted);
        margin-bottom: 8px;
      }
      code {
        background: var(--sunken);
        border-radius: 4px;
        padding: 1px 6px;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
  }

  /** Looks again. */
  async refresh(): Promise<void> {
    try {
      this.booths = await get<BoothInfo[]>("/api/booths");
      this.problem = "";
    } catch (error) {
      this.problem = sentence(error);
    }
  }

  override render(): TemplateResult {
    const t = texts().viewer;
    return html`<header><h1>${t.wall.heading}</h1>${this.#counts()}</header>
      ${this.problem === ""
        ? nothing
        : html`<problem-note .problem=${this.problem} @again=${() => void this.refresh()}></problem-note>`}
      ${this.#body()}`;
  }

  #counts(): TemplateResult | typeof nothing {
    if (this.booths === null || this.booths.length === 0) {
      return nothing;
    }
    const t = texts().viewer.wall;
    const states = this.booths.map((booth) => presenceOf(booth, this.presence));
    const [live, away] = [states.filter((one) => one === "live").length, states.filter((one) => one === "away").length];
    return html`<span class="counts muted">
      <span>${counted(t.total, this.booths.length)}</span>
      ${live === 0 ? nothing : html`<span>${counted(t.live_total, live)}</span>`}
      ${away === 0 ? nothing : html`<span>${counted(t.away_total, away)}</span>`}
    </span>`;
  }

  #body(): TemplateResult | typeof nothing {
    const t = texts().viewer.wall;
    if (this.booths === null) {
      return this.problem === "" ? html`<p class="muted" role="status">${t.loading}</p>` : nothing;
    }
    if (this.booths.length === 0) {
      const [before = "", after = ""] = t.empty_detail.split("{command}");
      return html`<div class="card empty">
        ${cameraIcon()}
        <h2>${t.empty}</h2>
        <p class="muted">${before}<code>dermabooth station</code>${after}</p>
      </div>`;
    }
    const live = this.booths.filter((booth) => presenceOf(booth, this.presence) === "live").slice(0, MOST_LIVE);
    return html`<div class="grid">
      ${this.booths.map(
        (booth) => html`<booth-card
          .booth=${booth}
          .presence=${presenceOf(booth, this.presence)}
          ?moving=${live.includes(booth)}
        ></booth-card>`,
      )}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "booth-wall": BoothWall;
  }
}
