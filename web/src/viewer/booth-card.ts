import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { ago } from "../shared/catalogue/format";
import { cameraIcon, liveIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { lowered } from "../shared/words";
import { shared } from "../styles/shared";
import type { BoothInfo, LastStill } from "../wire/server";
import "./live-thumb";
import type { BoothState } from "./presence";
import { patientLine, progressLine } from "./visit-words";

/** One booth on the wall; all of it leads to the live page, its last visit to that visit. */
@customElement("booth-card")
export class BoothCard extends Localised {
  @property({ attribute: false }) booth!: BoothInfo;
  @property() presence: BoothState = "seen";
  /** Shows the live picture, not the last still. */
  @property({ type: Boolean }) moving = false;

  static override styles = [
    shared,
    css`
      article.card {
        position: relative;
        height: 100%;
        padding: 0;
        overflow: hidden;
        display: flex;
        flex-direction: column;
      }
      article.card:hover {
        border-color: var(--line-strong);
      }
      .cover {
        aspect-ratio: 16 / 10;
        background: var(--stage);
        color: var(--on-stage);
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 6px;
        position: relative;
        font-size: 0.8125rem;
      }
      .cover img,
      live-thumb {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
      }
      .cover img {
        object-fit: cover;
        object-position: 50% 18%;
      }
      .away .cover img {
        filter: grayscale(0.85) brightness(0.7);
      }
      .state {
        position: absolute;
        left: 10px;
        top: 10px;
        display: flex;
        align-items: center;
        gap: 7px;
        font-size: 0.8125rem;
        font-weight: 650;
        padding: 4px 11px 4px 9px;
        border-radius: 999px;
        color: #fff;
        background: rgb(6 10 13 / 82%);
      }
      .state svg {
        color: #5fd39a;
      }
      .dot {
        width: 10px;
        height: 10px;
        border-radius: 50%;
        border: 2px solid #b8c2ca;
      }
      .connected .dot {
        background: #5fd39a;
        border-color: #5fd39a;
      }
      .away .dot {
        border-color: #f0b354;
        border-radius: 2px;
      }
      .text {
        padding: 14px 16px 16px;
        display: grid;
        gap: 10px;
        flex: 1;
        align-content: start;
      }
      h2 {
        font-size: 1.125rem;
        overflow-wrap: anywhere;
      }
      h2 a {
        display: inline-flex;
        align-items: center;
        min-height: 28px;
        color: inherit;
        text-decoration: none;
      }
      h2 a::after {
        content: "";
        position: absolute;
        inset: 0;
        border-radius: var(--radius);
      }
      h2 a:focus-visible {
        outline: none;
      }
      h2 a:focus-visible::after {
        outline: 2px solid var(--accent);
        outline-offset: -3px;
      }
      .verdict {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 10px;
      }
      .last {
        border-top: 1px solid var(--line);
        padding-top: 8px;
        margin-top: auto;
      }
      .last a {
        position: relative;
        z-index: 1;
        display: inline-flex;
        align-items: center;
        min-height: 28px;
        font-weight: 600;
        overflow-wrap: anywhere;
      }
    `,
  ];

  override render(): TemplateResult {
    const { booth } = this;
    return html`<article class="card ${this.presence}" data-booth=${booth.booth_id} data-state=${this.presence}>
      <div class="cover">
        ${this.#cover()}
        <span class="state">${this.presence === "live" ? liveIcon() : html`<span class="dot"></span>`}${this.#state()}</span>
      </div>
      <div class="text">
        <h2><a href="#/booths/${encodeURIComponent(booth.booth_id)}">${fill(texts().viewer.booth, { id: booth.booth_id })}</a></h2>
        ${booth.last_still === null ? nothing : verdict(booth.last_still)} ${this.#visit()}
      </div>
    </article>`;
  }

  #cover(): TemplateResult {
    const still = this.booth.last_still;
    const behind =
      still === null
        ? html`${cameraIcon()}<span>${texts().viewer.wall.no_picture}</span>`
        : html`${cameraIcon()}${still.picture ? picture(still) : nothing}`;
    return html`${behind}${this.moving ? html`<live-thumb .booth=${this.booth.booth_id}></live-thumb>` : nothing}`;
  }

  #state(): string {
    const t = texts().viewer.wall;
    return this.presence === "seen" ? fill(t.seen, { ago: ago(this.booth.last_seen) }) : t[this.presence];
  }

  #visit(): TemplateResult {
    const t = texts().viewer.wall;
    const visit = this.booth.last_visit;
    return visit === null
      ? html`<p class="last small muted">${t.no_visit}</p>`
      : html`<p class="last small muted">
          ${t.last_visit} ${ago(visit.opened_at)}${texts().viewer.colon}${lowered(progressLine(visit))}<br />
          <a href="#/visits/${visit.study_instance_uid}">${patientLine(visit)}</a>
        </p>`;
  }
}

/** The verdict on the last still: of which one, whose and from when. */
function verdict(still: LastStill): TemplateResult {
  const { lights, viewer } = texts();
  const t = viewer.wall;
  const whose = still.verdict === null ? t.pending : still.by_server ? t.by_server : t.by_booth;
  return html`<div class="verdict" role="group" aria-label=${t.verdict}>
    <verdict-badge
      .verdict=${still.verdict ?? "unknown"}
      label=${still.verdict === null ? viewer.visit.analysing : ""}
    ></verdict-badge>
    <span class="small muted">${lights[still.light]}, ${ago(still.captured_at)}, ${whose}</span>
  </div>`;
}

function picture(still: LastStill): TemplateResult {
  return html`<img src="/api/stills/${still.sop_instance_uid}/image?width=640" alt="" loading="lazy" @error=${hide} />`;
}

function hide(event: Event): void {
  (event.target as HTMLElement).hidden = true;
}

declare global {
  interface HTMLElementTagNameMap {
    "booth-card": BoothCard;
  }
}
