import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { cameraIcon, liveIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { ago } from "../shared/words";
import { shared } from "../styles/shared";
import type { BoothInfo, LivePreview } from "../wire/server";
import { get, sentence } from "./api";
import { patientLine, progressLine } from "./visit-card";

/** What the server knows of the booths right now. */
export interface Presence {
  connected: Record<string, boolean>;
  previews: Record<string, LivePreview>;
}

/** All booths with their live state. */
@customElement("booth-list")
export class BoothList extends LitElement {
  @property({ attribute: false }) presence: Presence = { connected: {}, previews: {} };
  @state() private booths: BoothInfo[] | null = null;
  @state() private problem = "";

  static override styles = [
    shared,
    css`
      h1 {
        margin-bottom: 18px;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(300px, 1fr));
        gap: 16px;
      }
      a.card {
        display: block;
        color: inherit;
        text-decoration: none;
        padding: 0;
        overflow: hidden;
      }
      a.card:hover {
        border-color: var(--line-strong);
      }
      .cover {
        aspect-ratio: 3 / 2;
        background: var(--stage);
        color: var(--on-stage);
        display: grid;
        place-content: center;
        position: relative;
      }
      img {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: cover;
        object-position: 50% 18%;
      }
      .live {
        position: absolute;
        left: 12px;
        top: 12px;
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 0.8125rem;
        font-weight: 650;
        padding: 3px 10px 3px 7px;
        border-radius: 999px;
        color: #fff;
        background: rgb(6 10 13 / 75%);
      }
      .live svg {
        color: #5fd39a;
      }
      .text {
        padding: 14px 16px 16px;
        display: grid;
        gap: 3px;
      }
      .line {
        display: flex;
        justify-content: space-between;
        align-items: center;
        gap: 10px;
      }
      .state {
        display: inline-flex;
        align-items: center;
        gap: 7px;
        font-size: 0.875rem;
        color: var(--muted);
      }
      .dot {
        width: 9px;
        height: 9px;
        border-radius: 50%;
        border: 2px solid var(--unknown);
      }
      .dot.on {
        background: var(--pass);
        border-color: var(--pass);
      }
      .empty {
        padding: 48px 24px;
        text-align: center;
        display: grid;
        gap: 4px;
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
    return html`<h1>Booths</h1>
      ${this.problem === "" ? nothing : html`<p class="card" role="alert">${this.problem}</p>`}
      ${this.#body()}`;
  }

  #body(): TemplateResult | typeof nothing {
    if (this.booths === null) {
      return this.problem === "" ? html`<p class="muted" role="status">Loading booths…</p>` : nothing;
    }
    if (this.booths.length === 0) {
      return html`<div class="card empty">
        <h2>No booth has connected yet</h2>
        <p class="muted">Start one with <code>dermabooth station</code>; it appears here by itself.</p>
      </div>`;
    }
    return html`<div class="grid">${this.booths.map((booth) => this.#card(booth))}</div>`;
  }

  #card(booth: BoothInfo): TemplateResult {
    const live = booth.booth_id in this.presence.previews;
    const connected = this.presence.connected[booth.booth_id] ?? booth.connected;
    const visit = booth.last_visit;
    const word = connected === true || live ? "Connected" : connected === false ? "Away" : `Seen ${ago(booth.last_seen)}`;
    return html`<a class="card" href="#/booths/${booth.booth_id}" data-booth=${booth.booth_id}>
      <div class="cover">
        ${cameraIcon()}
        ${visit === null || visit.cover === null
          ? nothing
          : html`<img src="/api/stills/${visit.cover}/image?width=640" alt="" @error=${hide} />`}
        ${live ? html`<span class="live">${liveIcon()}Live</span>` : nothing}
      </div>
      <div class="text">
        <div class="line">
          <h2>Booth ${booth.booth_id}</h2>
          <span class="state"><span class="dot ${connected === true || live ? "on" : ""}"></span>${word}</span>
        </div>
        ${visit === null
          ? html`<span class="small muted">No visit yet</span>`
          : html`<div class="line">
              <span class="small muted"
                >Last visit ${ago(visit.opened_at)} · ${patientLine(visit)}<br />${progressLine(visit)}</span
              >
              ${visit.verdict === null
                ? nothing
                : html`<verdict-badge .verdict=${visit.verdict}></verdict-badge>`}
            </div>`}
      </div>
    </a>`;
  }
}

function hide(event: Event): void {
  (event.target as HTMLElement).hidden = true;
}

declare global {
  interface HTMLElementTagNameMap {
    "booth-list": BoothList;
  }
}
