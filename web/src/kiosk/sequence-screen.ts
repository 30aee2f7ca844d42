import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { counted, fill, texts } from "../shared/catalogue";
import { number } from "../shared/catalogue/format";
import { lightIcon } from "../shared/icons";
import { capital, lowered } from "../shared/words";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { StillStatus, VisitStatus } from "../wire/booth";
import { KioskScreen } from "./kiosk-screen";
import "./light-sequence";

/** The lights of a view are played: how many pictures are to go, and which light is on. */
@customElement("sequence-screen")
export class SequenceScreen extends KioskScreen {
  @state() private pace: number | null = null;
  #takenAt: number[] = [];

  static override styles = [
    shared,
    kiosk,
    css`
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(320px, 420px);
        gap: 24px;
        align-items: start;
        margin-top: 18px;
      }
      .stage {
        display: grid;
        justify-items: center;
        gap: 12px;
        padding: 36px 20px;
        text-align: center;
      }
      .lamp {
        width: 120px;
        height: 120px;
        border-radius: 50%;
        display: grid;
        place-content: center;
        background: var(--accent-soft);
        color: var(--accent);
      }
      .lamp.on {
        background: var(--accent);
        color: var(--on-accent);
      }
      .left {
        font-size: 2.25rem;
        font-weight: 650;
        font-variant-numeric: tabular-nums;
        line-height: 1.2;
      }
      progress {
        width: min(420px, 100%);
        height: 14px;
        accent-color: var(--accent);
      }
      @media (max-width: 900px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("booth")) {
      const done = this.#shot().filter(taken).length;
      while (this.#takenAt.length < done) {
        this.#takenAt.push(performance.now());
      }
      this.pace = secondsEach(this.#takenAt);
    }
  }

  override render(): TemplateResult {
    const t = texts();
    const visit = this.booth.visit as VisitStatus;
    const shot = this.#shot();
    const done = shot.filter(taken).length;
    const lit = shot.find((still) => still.stage === "lighting");
    return html`<div class="screen">
      <h1 tabindex="-1">${t.sequence.heading}</h1>
      <p class="lead">${t.sequence.eyes}</p>
      <div class="columns">
        <section class="card stage" aria-label=${t.sequence.progress}>
          <span class="lamp ${lit === undefined ? "" : "on"}">${lightIcon(lit?.light ?? "white", 64)}</span>
          <p>${lit === undefined ? html`&nbsp;` : capital(fill(t.sequence.now, { light: lowered(t.lights[lit.light]) }))}</p>
          <p class="left" role="status">${counted(t.sequence.to_go, shot.length - done)}</p>
          <p class="muted">${this.#seconds(shot.length - done)}</p>
          <progress max=${shot.length} value=${done} aria-label=${t.sequence.progress}></progress>
          <p class="muted">${fill(t.sequence.taken, { n: number(done), total: number(shot.length) })}</p>
        </section>
        <section aria-label=${t.review.pictures}>
          <light-sequence .visit=${visit} .only=${visit.view === "unspecified" ? "" : visit.view}></light-sequence>
        </section>
      </div>
    </div>`;
  }

  /** The stills of this turn of the lights. */
  #shot(): StillStatus[] {
    const { stills, view, retaking } = this.booth.visit as VisitStatus;
    if (retaking !== null) {
      return stills.filter((_, index) => index === retaking);
    }
    return stills.filter((still) => still.view === view || view === "unspecified");
  }

  #seconds(left: number): string | typeof nothing {
    return this.pace === null || left === 0
      ? nothing
      : fill(texts().sequence.seconds, { n: number(Math.max(1, Math.round(left * this.pace))) });
  }
}

function taken(still: StillStatus): boolean {
  return still.sop_instance_uid !== "" && still.stage !== "lighting";
}

/** Mean time between pictures; null before the second. */
function secondsEach(at: readonly number[]): number | null {
  const [first, last] = [at[0], at.at(-1)];
  return first === undefined || last === undefined || at.length < 2 ? null : (last - first) / (at.length - 1) / 1000;
}

declare global {
  interface HTMLElementTagNameMap {
    "sequence-screen": SequenceScreen;
  }
}
