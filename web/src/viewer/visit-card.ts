import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { dateTime } from "../shared/catalogue/format";
import { cameraIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { shared } from "../styles/shared";
import type { VisitSummary } from "../wire/server";
import { patientLine, progressLine } from "./visit-words";

/** One visit in a list, with the picture that stands for it. */
@customElement("visit-card")
export class VisitCard extends Localised {
  @property({ attribute: false }) visit!: VisitSummary;

  static override styles = [
    shared,
    css`
      a.card {
        display: grid;
        grid-template-columns: 92px 1fr;
        color: inherit;
        text-decoration: none;
        padding: 0;
        overflow: hidden;
        min-height: 116px;
      }
      a.card:hover {
        border-color: var(--line-strong);
      }
      .cover {
        background: var(--stage);
        color: var(--on-stage);
        display: grid;
        place-content: center;
        overflow: hidden;
        position: relative;
      }
      img {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: cover;
        object-position: 50% 25%;
      }
      .text {
        padding: 14px 16px;
        display: grid;
        gap: 2px;
        align-content: start;
        min-width: 0;
      }
      .line {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 8px;
      }
      h2 {
        overflow-wrap: anywhere;
      }
    `,
  ];

  override render(): TemplateResult {
    const { visit } = this;
    const t = texts().viewer;
    return html`<a class="card" href="#/visits/${visit.study_instance_uid}">
      <div class="cover">
        ${cameraIcon()}
        ${visit.cover === null
          ? nothing
          : html`<img src="/api/stills/${visit.cover}/image?width=320" alt="" loading="lazy" @error=${hide} />`}
      </div>
      <div class="text">
        <h2>${patientLine(visit)}</h2>
        <span class="small muted">${dateTime(visit.opened_at)} · ${fill(t.booth, { id: visit.booth_id })}</span>
        <span class="small muted">${progressLine(visit)}</span>
        <span
          >${visit.verdict === null
            ? html`<verdict-badge label=${t.visit.analysing}></verdict-badge>`
            : html`<verdict-badge .verdict=${visit.verdict}></verdict-badge>`}</span
        >
      </div>
    </a>`;
  }
}

function hide(event: Event): void {
  (event.target as HTMLElement).hidden = true;
}

declare global {
  interface HTMLElementTagNameMap {
    "visit-card": VisitCard;
  }
}
