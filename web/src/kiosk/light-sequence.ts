import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { lightIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { shared } from "../styles/shared";
import type { StillStage, StillStatus, VisitStatus } from "../wire/booth";

const STEPS: readonly StillStage[] = ["taken", "stored", "examined", "analysed"];

/** The stills of a visit: which light is on, how far each has come, and the verdict on it. */
@customElement("light-sequence")
export class LightSequence extends Localised {
  @property({ attribute: false }) visit: VisitStatus | null = null;
  /** Shows the stills of this view only; empty: all. */
  @property({ attribute: false }) only = "";

  static override styles = [
    shared,
    css`
      h3 {
        font-size: 0.8125rem;
        font-weight: 600;
        color: var(--muted);
        margin: 14px 0 6px;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr));
        gap: 6px;
      }
      li {
        display: grid;
        grid-template-columns: 40px 1fr auto;
        gap: 0 12px;
        align-items: center;
        min-height: 60px;
        padding: 8px 12px 8px 10px;
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
      }
      li[data-stage="lighting"] {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .icon {
        width: 40px;
        height: 40px;
        border-radius: 50%;
        display: grid;
        place-content: center;
        background: var(--sunken);
        color: var(--muted);
      }
      [data-stage="lighting"] .icon {
        background: var(--accent);
        color: var(--on-accent);
        animation: glow 1.1s ease-in-out infinite alternate;
      }
      .done .icon {
        background: var(--accent-soft);
        color: var(--accent);
      }
      @keyframes glow {
        from {
          box-shadow: 0 0 0 0 transparent;
        }
        to {
          box-shadow: 0 0 0 6px color-mix(in srgb, var(--accent) 25%, transparent);
        }
      }
      .name {
        font-weight: 600;
        line-height: 1.3;
      }
      .stage {
        display: block;
        font-weight: 400;
        font-size: 0.8125rem;
        color: var(--muted);
      }
      .advice {
        grid-column: 2 / -1;
        font-size: 0.8125rem;
        color: var(--muted);
        padding-top: 4px;
      }
      .steps {
        display: flex;
        gap: 4px;
        padding-top: 5px;
      }
      progress {
        appearance: none;
        width: 22px;
        height: 4px;
        border: 0;
        border-radius: 2px;
        background: var(--line);
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    if (this.visit === null) {
      return nothing;
    }
    const views = [...new Set(this.visit.stills.map((still) => still.view))].filter((view) => this.only === "" || view === this.only);
    return html`${views.map((view) => {
      const stills = this.visit?.stills.filter((still) => still.view === view) ?? [];
      return html`${views.length > 1 ? html`<h3>${texts().views[view]}</h3>` : nothing}
        <ul>
          ${stills.map((still, at) => row(still, at < stills.findIndex((one) => one.stage === "lighting")))}
        </ul>`;
    })}`;
  }
}

/** `shot`: its light has been and gone. */
function row(still: StillStatus, shot: boolean): TemplateResult {
  const reached = STEPS.indexOf(still.stage);
  const analysing = still.stage === "examined" && still.analysed > 0;
  const share = (index: number): number =>
    index <= reached ? 1 : analysing && index === reached + 1 ? still.analysed : 0;
  const t = texts();
  const told = still.stage === "waiting" && shot ? t.stages.writing : t.stages[still.stage];
  const stage = analysing ? fill(t.stages.analysing, { n: Math.floor(100 * still.analysed) }) : told;
  const advice = still.quality?.measures.filter((one) => one.verdict === "fail" && one.advice !== "") ?? [];
  return html`<li data-stage=${still.stage} data-light=${still.light} class=${reached >= 0 ? "done" : ""}>
    <span class="icon">${lightIcon(still.light)}</span>
    <span class="name"
      >${t.lights[still.light]}<span class="stage">${still.message === "" ? stage : said(still.message)}</span>
      <span class="steps" aria-hidden="true">
        ${STEPS.map((_, index) => html`<progress max="1" .value=${share(index)}></progress>`)}
      </span>
    </span>
    ${still.quality === null
      ? nothing
      : html`<verdict-badge .verdict=${still.quality.verdict}></verdict-badge>`}
    ${advice.length > 0 ? html`<span class="advice">${said(advice[0]?.advice ?? "")}</span>` : nothing}
  </li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "light-sequence": LightSequence;
  }
}
