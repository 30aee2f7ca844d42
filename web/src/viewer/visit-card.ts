import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { cameraIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { dateTime, personName } from "../shared/words";
import { shared } from "../styles/shared";
import type { VisitSummary } from "../wire/server";

/** Whom a visit is of, in a line. */
export function patientLine(visit: VisitSummary): string {
  const { patient_id: id, patient_name: name } = visit.patient;
  return [personName(name), id].filter((part) => part !== "").join(" · ") || "No patient ID";
}

/** How far a visit has come, in words. */
export function progressLine(visit: VisitSummary): string {
  if (visit.closed_at === null) {
    return `Under way: ${visit.stored} of ${visit.expected} pictures`;
  }
  if (visit.stored < visit.expected) {
    return `${visit.stored} of ${visit.expected} pictures have arrived`;
  }
  const pictures = `${visit.stored} ${visit.stored === 1 ? "picture" : "pictures"}`;
  return visit.complete === false ? `${pictures}, stopped early` : pictures;
}

/** One visit in a list, with the picture that stands for it. */
@customElement("visit-card")
export class VisitCard extends LitElement {
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
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  override render(): TemplateResult {
    const visit = this.visit;
    return html`<a class="card" href="#/visits/${visit.study_instance_uid}">
      <div class="cover">
        ${cameraIcon()}
        ${visit.cover === null
          ? nothing
          : html`<img src="/api/stills/${visit.cover}/image?width=320" alt="" loading="lazy" @error=${hide} />`}
      </div>
      <div class="text">
        <h2>${patientLine(visit)}</h2>
        <span class="small muted">${dateTime(visit.opened_at)} · Booth ${visit.booth_id}</span>
        <span class="small muted">${progressLine(visit)}</span>
        <span
          >${visit.verdict === null
            ? html`<verdict-badge label="Being analysed"></verdict-badge>`
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
