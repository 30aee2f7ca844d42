import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { fill, texts } from "../shared/catalogue";
import { stopwatch } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import "../shared/layer-panel";
import { kiosk } from "../styles/kiosk";
import { switchStyles } from "../shared/switch-styles";
import { shared } from "../styles/shared";
import type { VisitStatus } from "../wire/booth";
import type { QualityReport } from "../wire/protocol";
import { ghost, shoot } from "./calls";
import { turnPictogram } from "./face-guide";
import { framingStyles } from "./framing-styles";
import { KioskScreen } from "./kiosk-screen";
import "./live-picture";
import type { Pictures } from "./pictures";
import "./quality-lights";
import "./ready-ring";
import "./reason-dialog";
import type { ReasonDialog } from "./reason-dialog";

const BARE: OverlayView = { layers: new Set(), opacity: 0.6 };
const REPORT_EVERY_MS = 400;

/** The subject takes the pose: what is asked for, what to mend now, and the shot that comes by itself. */
@customElement("framing-screen")
export class FramingScreen extends KioskScreen {
  @property({ attribute: false }) pictures!: Pictures;
  @state() private view: OverlayView = BARE;
  @state() private ghost: ImageBitmap | null = null;
  @state() private ghostShown = true;
  @state() private ghostStrength = 0.6;
  @state() private report: QualityReport | null = null;
  @state() private problem = "";
  @state() private sending = false;
  @state() private now = Date.now() / 1000;
  @query("reason-dialog") private readonly reasons!: ReasonDialog;
  #ghostOf = "";
  #asking: AbortController | null = null;
  #timers: number[] = [];

  static override styles = [shared, kiosk, switchStyles, framingStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timers = [
      window.setInterval(() => (this.report = this.pictures.newest?.header.hints ?? null), REPORT_EVERY_MS),
      window.setInterval(() => (this.now = Date.now() / 1000), 1000),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#timers.forEach((timer) => window.clearInterval(timer));
    this.#asking?.abort();
    this.ghost?.close();
    this.ghost = null;
    this.#ghostOf = "";
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const visit = this.#visit;
    const wanted = `${visit.study_instance_uid} ${visit.view}`;
    if (changed.has("booth") && wanted !== this.#ghostOf) {
      this.#ghostOf = wanted;
      void this.#loadGhost(wanted, visit.view);
    }
  }

  override render(): TemplateResult {
    const t = texts();
    const visit = this.#visit;
    const good = visit.step === "ready";
    return html`<div class="screen framing">
      <section class="left" aria-label=${t.framing.region}>
        <live-picture
          .pictures=${this.pictures}
          .view=${this.view}
          .guide=${this.booth.guides[visit.view] ?? null}
          .good=${good}
          .ghost=${this.ghostShown ? this.ghost : null}
          .ghostStrength=${this.ghostStrength}
        >
          ${good && visit.shoots_in_s !== null ? html`<ready-ring .seconds=${visit.shoots_in_s}></ready-ring>` : nothing}
        </live-picture>
        ${this.#ghostControls()}
      </section>
      <section class="right" aria-labelledby="pose">${this.#asked(visit)} ${this.#mend(visit)} ${this.#actions(good)}</section>
      ${this.#folds()}
      <reason-dialog @reason=${(event: CustomEvent<string>) => this.#shoot(event.detail)}></reason-dialog>
    </div>`;
  }

  get #visit(): VisitStatus {
    return this.booth.visit as VisitStatus;
  }

  /** A piece of skin through a dermoscope: nobody takes a pose, and only the operator sees whether it is in place. */
  get #closeUp(): boolean {
    return this.booth.dermoscope !== null;
  }

  #asked(visit: VisitStatus): TemplateResult {
    const t = texts();
    const { views } = this.booth.protocol;
    const again = visit.retaking === null ? undefined : visit.stills[visit.retaking];
    const where =
      again === undefined
        ? fill(t.framing.view_of, { n: views.indexOf(visit.view) + 1, total: views.length })
        : fill(t.framing.again, { light: t.lights[again.light] });
    return html`<div class="asked">
      <div>
        <p class="muted">${where}</p>
        <h1 id="pose" tabindex="-1">${this.#closeUp ? t.framing.close_up.heading : t.views[visit.view]}</h1>
      </div>
      ${this.#closeUp
        ? nothing
        : html`<span class="turn" role="img" aria-label=${t.framing.turns[visit.view]}>${turnPictogram(visit.view)}</span>`}
      <p class="pose">${this.#closeUp ? t.framing.close_up.pose : t.framing.poses[visit.view]}</p>
      ${this.#rest(visit.acclimatised_at)}
    </div>`;
  }

  #rest(at: number | null): TemplateResult | typeof nothing {
    const t = texts().framing;
    return at === null || at <= this.now
      ? nothing
      : html`<p class="notice wide">${fill(t.rests_until, { time: stopwatch(at - this.now) })}</p>`;
  }

  #mend(visit: VisitStatus): TemplateResult {
    const t = texts().framing;
    const [first, ...others] = visit.wanting;
    if (visit.step === "ready") {
      return this.#closeUp
        ? html`<div class="now" role="status"><strong>${t.close_up.ready}</strong></div>`
        : html`<div class="now good" role="status">${verdictIcon("pass", 28)}<strong>${t.hold}</strong></div>`;
    }
    return html`<div class="now ${first === undefined ? "" : "mend"}" role="status">
        ${first === undefined ? nothing : verdictIcon("warn", 28)}<strong>${first === undefined ? t.looking : said(first)}</strong>
      </div>
      ${others.length === 0
        ? nothing
        : html`<div class="then">
            <h2>${t.then}</h2>
            <ul>
              ${others.map((one) => html`<li>${said(one)}</li>`)}
            </ul>
          </div>`}`;
  }

  #actions(good: boolean): TemplateResult {
    const t = texts().framing;
    return html`<div class="buttons">
      ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}
      <button
        class="big ${good ? "primary" : ""}"
        data-action=${good ? "shoot" : "anyway"}
        ?disabled=${this.sending}
        @click=${() => (good ? this.#shoot("") : this.reasons.open())}
      >
        ${good ? t.shoot : t.anyway}
      </button>
    </div>`;
  }

  #ghostControls(): TemplateResult {
    const t = texts().framing;
    if (this.ghost === null) {
      return html`<p class="muted">${t.no_ghost}</p>`;
    }
    return html`<div class="ghost">
      <button role="switch" aria-checked=${this.ghostShown} data-action="ghost" @click=${() => (this.ghostShown = !this.ghostShown)}>
        <span class="switch" aria-hidden="true"></span>${t.ghost}
      </button>
      <input
        type="range"
        min="10"
        max="100"
        step="10"
        aria-label=${t.ghost_strength}
        ?disabled=${!this.ghostShown}
        .value=${String(Math.round(100 * this.ghostStrength))}
        @input=${(event: Event) => (this.ghostStrength = Number((event.target as HTMLInputElement).value) / 100)}
      />
    </div>`;
  }

  #folds(): TemplateResult {
    const t = texts().framing;
    return html`<div class="folds">
      <details class="card" data-fold="measures">
        <summary>${t.measures}</summary>
        <quality-lights .report=${this.report}></quality-lights>
      </details>
      <details class="card" data-fold="layers">
        <summary>${t.layers}</summary>
        <layer-panel untitled .view=${this.view} @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}></layer-panel>
      </details>
    </div>`;
  }

  async #loadGhost(wanted: string, view: string): Promise<void> {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const found = await ghost(view, this.#asking.signal);
    if (wanted !== this.#ghostOf) {
      found?.close();
      return;
    }
    this.ghost?.close();
    this.ghost = found;
  }

  async #shoot(reason: string): Promise<void> {
    this.sending = true;
    this.problem = (await shoot(reason)).problem;
    this.sending = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "framing-screen": FramingScreen;
  }
}
