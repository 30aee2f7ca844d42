import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { counted, fill, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import "../shared/verdict-badge";
import { lowered } from "../shared/words";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { StillStatus, VisitStatus } from "../wire/booth";
import type { Verdict, View } from "../wire/protocol";
import { type Answer, finish, retake } from "./calls";
import { KioskScreen } from "./kiosk-screen";
import "./still-measures";
import "./still-thumb";
import "./zoom-picture";

/** The pictures of the visit: each with its verdict and measures, to be taken again or kept. */
@customElement("review-screen")
export class ReviewScreen extends KioskScreen {
  @state() private chosen: number | null = null;
  @state() private problem = "";
  @state() private sending = false;

  static override styles = [
    shared,
    kiosk,
    css`
      .columns {
        display: grid;
        grid-template-columns: 172px minmax(0, 1fr) minmax(280px, 340px);
        gap: 18px;
        margin-top: 14px;
        align-items: start;
      }
      .side {
        display: grid;
        gap: 14px;
      }
      .top {
        display: flex;
        flex-wrap: wrap;
        gap: 12px 24px;
        align-items: center;
        justify-content: space-between;
      }
      .thumbs {
        position: relative;
        display: grid;
        gap: 8px;
        max-height: calc(100vh - 210px);
        overflow-y: auto;
        padding: 3px;
        scrollbar-width: thin;
      }
      .thumbs h2 {
        font-size: 0.9375rem;
        color: var(--muted);
        margin-top: 4px;
      }
      .thumb {
        width: 100%;
        padding: 6px;
        display: grid;
        gap: 4px;
        justify-items: stretch;
        text-align: left;
        font-size: 0.875rem;
      }
      .thumb[aria-pressed="true"] {
        border-color: var(--accent);
        background: var(--accent-soft);
        box-shadow: inset 0 0 0 2px var(--accent);
      }
      .judged {
        position: relative;
      }
      .judged verdict-badge {
        position: absolute;
        bottom: 4px;
        right: 4px;
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 12px;
        align-items: center;
        margin-bottom: 10px;
      }
      .facts + * {
        margin-top: 6px;
      }
      @media (max-width: 1100px) {
        .columns {
          grid-template-columns: 150px minmax(0, 1fr);
        }
        zoom-picture {
          max-width: calc(58vh * var(--aspect, 1.5));
          justify-self: start;
        }
        .side {
          grid-column: 2;
        }
      }
      @media (max-width: 900px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
        .side {
          grid-column: 1;
        }
        zoom-picture {
          order: -1;
        }
        .thumbs {
          grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
          max-height: none;
        }
        .thumbs h2 {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().review;
    const visit = this.booth.visit as VisitStatus;
    const index = this.chosen ?? firstToLookAt(visit.stills);
    const still = visit.stills[index] as StillStatus;
    const views = [...new Set(visit.stills.map((one) => one.view))];
    return html`<div class="screen">
      <div class="top">
        <div>
          <h1 tabindex="-1">${t.heading}</h1>
          <p class="lead" role="status">${summary(visit.stills)}</p>
        </div>
        <div class="actions">
          <button class="big" data-action="again" ?disabled=${this.sending} @click=${() => this.#ask(retake(index))}>${t.again}</button>
          <button class="primary big" data-action="finish" ?disabled=${this.sending} @click=${() => this.#ask(finish())}>${t.finish}</button>
        </div>
      </div>
      ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}
      <div class="columns">
        <div class="thumbs" role="group" aria-label=${t.pictures}>
          ${views.map((view) => this.#view(view, visit.stills, index, views.length > 1))}
        </div>
        <zoom-picture .index=${index} .key=${still.sop_instance_uid} .label=${title(still)}></zoom-picture>
        <section class="side" aria-labelledby="shown">${this.#facts(still)}</section>
      </div>
    </div>`;
  }

  #view(view: View, stills: readonly StillStatus[], index: number, headed: boolean): TemplateResult {
    return html`${headed ? html`<h2>${texts().views[view]}</h2>` : nothing}
    ${stills.map((still, at) => (still.view === view ? this.#thumb(still, at, at === index) : nothing))}`;
  }

  #thumb(still: StillStatus, at: number, shown: boolean): TemplateResult {
    const verdict = verdictOf(still);
    return html`<button class="thumb" data-still=${at} aria-pressed=${shown} @click=${() => (this.chosen = at)}>
      <span class="judged"
        ><still-thumb .index=${at} .key=${still.sop_instance_uid}></still-thumb
        ><verdict-badge .verdict=${verdict}></verdict-badge
      ></span>
      <span><span class="visually-hidden">${texts().views[still.view]}, </span>${texts().lights[still.light]}</span>
    </button>`;
  }

  #facts(still: StillStatus): TemplateResult {
    const t = texts().review;
    const missing = still.sop_instance_uid === "";
    return html`<div class="card">
        <div class="facts">
          <h2 id="shown">${title(still)}</h2>
          <verdict-badge .verdict=${verdictOf(still)}></verdict-badge>
        </div>
        ${still.quality === null
          ? nothing
          : html`<p class="muted small">${still.verdict_from === "server" ? t.by_server : t.by_booth}</p>`}
        ${still.taken_again === 0 ? nothing : html`<p>${counted(t.taken_again, still.taken_again)}</p>`}
        ${still.override === "" ? nothing : html`<p>${fill(t.override, { reason: still.override })}</p>`}
        ${still.message === "" ? nothing : html`<p class="problem">${said(still.message)}</p>`}
        ${missing ? nothing : html`<still-measures .report=${still.quality}></still-measures>`}
      </div>`;
  }

  async #ask(asked: Promise<Answer>): Promise<void> {
    this.sending = true;
    this.problem = (await asked).problem;
    this.sending = false;
  }
}

function title(still: StillStatus): string {
  const t = texts();
  return fill(t.review.picture, { view: t.views[still.view], light: lowered(t.lights[still.light]) });
}

function verdictOf(still: StillStatus): Verdict {
  return still.quality?.verdict ?? (still.stage === "failed" ? "fail" : "unknown");
}

/** The first that should be taken again, else the first that is not good, else the first. */
function firstToLookAt(stills: readonly StillStatus[]): number {
  const verdicts = stills.map(verdictOf);
  return Math.max(0, [verdicts.indexOf("fail"), verdicts.indexOf("warn")].find((at) => at >= 0) ?? 0);
}

function summary(stills: readonly StillStatus[]): string {
  const t = texts().review;
  const verdicts = stills.map(verdictOf);
  const failed = verdicts.filter((one) => one === "fail").length;
  if (failed > 0) {
    return counted(t.to_retake, failed);
  }
  return verdicts.includes("unknown") ? t.ungraded : verdicts.includes("warn") ? t.usable : t.all_good;
}

declare global {
  interface HTMLElementTagNameMap {
    "review-screen": ReviewScreen;
  }
}
