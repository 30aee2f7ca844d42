import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { fill, Localised, texts } from "../shared/catalogue";
import { dateTime } from "../shared/catalogue/format";
import { backIcon } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import "../shared/layer-panel";
import "../shared/verdict-badge";
import { lowered } from "../shared/words";
import { shared } from "../styles/shared";
import type { SessionInfo, StillHistory, StillInfo, StillQuality, VisitDetail, VisitMeasures } from "../wire/server";
import { get, sentence } from "./api";
import "./assessment-card";
import { circumstances, preparationFacts, standingFor, stillOf } from "./capture-record";
import "./compare-view";
import type { CorrectDialog } from "./correct-dialog";
import "./correct-dialog";
import { beingCorrected, correctionNotes } from "./correction-notes";
import "./history-card";
import { layerFigures, whyMissing } from "./layer-facts";
import "./light-grid";
import "./light-strip";
import "./measure-table";
import { pageStyles } from "./page-styles";
import "./problem-note";
import "./quality-table";
import "./sign-dialog";
import "./signature-card";
import { facts, layerReason } from "./still-facts";
import "./still-stage";
import { visitStyles } from "./visit-styles";
import { patientLine, progressLine } from "./visit-words";

const CORRECTING_MS = 1500;
const MODES = ["one", "lights", "compare"] as const;
type Mode = (typeof MODES)[number];

/** One visit: its pictures with layers, measures, history and quality. */
@customElement("visit-page")
export class VisitPageElement extends Localised {
  @property() study = "";
  @state() private detail: VisitDetail | null = null;
  @state() private measures: VisitMeasures | null = null;
  @state() private quality: StillQuality | null = null;
  @state() private history: StillHistory | null = null;
  @state() private selected = "";
  @state() private view: OverlayView = DEFAULT_VIEW;
  @state() private mode: Mode = "one";
  @state() private problem = "";
  @state() private mayCorrect = false;
  @query("correct-dialog") private readonly dialog!: CorrectDialog;
  #again: number | undefined;

  static override styles = [shared, pageStyles, visitStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#lookWhoAsks();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#again);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("study")) {
      this.detail = null;
      this.measures = null;
      this.selected = "";
      this.mode = "one";
      void this.refresh();
    }
  }

  /** Looks again. */
  async refresh(): Promise<void> {
    const study = this.study;
    try {
      const path = `/api/visits/${study}`;
      const [detail, measures] = await Promise.all([
        get<VisitDetail>(path),
        get<VisitMeasures>(`${path}/measures?replaced=1`),
      ]);
      if (study === this.study) {
        this.detail = detail;
        this.measures = measures;
        this.problem = "";
        const kept = stillOf(detail, this.selected) === undefined ? "" : this.selected;
        await this.#select(kept || (detail.stills[0]?.sop_instance_uid ?? ""));
        this.#lookAgain(detail);
      }
    } catch (error) {
      if (study === this.study) {
        this.problem = sentence(error);
      }
    }
  }

  override render(): TemplateResult {
    const t = texts().viewer;
    if (this.detail === null) {
      return html`${this.#head(t.visit.heading, nothing)}
        ${this.#problem() ?? html`<p class="muted" role="status">${t.visit.loading}</p>`}`;
    }
    const { visit } = this.detail;
    const still = stillOf(this.detail, this.selected);
    const told = html`<p class="muted small">
      ${dateTime(visit.opened_at)} · ${fill(t.booth, { id: visit.booth_id })} · ${progressLine(visit)}
    </p>`;
    return html`
      ${this.#head(patientLine(visit), told)}
      ${this.#problem()}
      ${correctionNotes(this.detail)}
      <signature-card .detail=${this.detail} @changed=${() => void this.refresh()}></signature-card>
      ${this.mayCorrect
        ? html`<correct-dialog .detail=${this.detail} .still=${still} @corrected=${() => void this.refresh()}></correct-dialog>`
        : nothing}
      ${still === undefined ? html`<p class="card muted">${t.visit.no_stills}</p>` : this.#still(this.detail, still)}
    `;
  }

  #problem(): TemplateResult | undefined {
    return this.problem === ""
      ? undefined
      : html`<problem-note .problem=${this.problem} @again=${() => void this.refresh()}></problem-note>`;
  }

  #head(title: string, told: TemplateResult | typeof nothing): TemplateResult {
    const verdict = this.detail?.visit.verdict ?? null;
    return html`<div class="head">
      <a class="button" href="#/visits" aria-label=${texts().viewer.nav.back_visits}>${backIcon()}</a>
      <div class="title"><h1>${title}</h1>${told}</div>
      ${verdict === null ? nothing : html`<verdict-badge .verdict=${verdict}></verdict-badge>`}
      ${this.mayCorrect && this.detail !== null ? this.#correct(beingCorrected(this.detail)) : nothing}
    </div>`;
  }

  #correct(underWay: boolean): TemplateResult {
    return html`<button data-action="correct" ?disabled=${underWay} @click=${() => this.dialog.open()}>
      ${texts().viewer.correct.open}
    </button>`;
  }

  /** A correction ends in the other process, which tells no page. */
  #lookAgain(detail: VisitDetail): void {
    window.clearTimeout(this.#again);
    if (this.isConnected && beingCorrected(detail)) {
      this.#again = window.setTimeout(() => void this.refresh(), CORRECTING_MS);
    }
  }

  async #lookWhoAsks(): Promise<void> {
    const { scopes } = await get<SessionInfo>("/api/session").catch(() => ({ scopes: [] as readonly string[] }));
    this.mayCorrect = scopes.includes("correct") || scopes.includes("admin");
  }

  #still(detail: VisitDetail, still: StillInfo): TemplateResult {
    const measures = this.measures?.stills.find((one) => one.sop_instance_uid === still.sop_instance_uid)?.measures ?? [];
    return html`
      ${this.#modes()}
      <div class="body ${this.mode === "compare" ? "wide" : ""}">
        <div class="left">
          ${this.#pictures(detail, still)}
          <light-strip
            .stills=${detail.stills}
            .chosen=${standingFor(detail, this.selected)}
            @chosen=${(event: CustomEvent<string>) => void this.#select(event.detail)}
          ></light-strip>
        </div>
        ${this.mode === "compare"
          ? nothing
          : html`<aside class="side" aria-label=${texts().viewer.visit.layers}>${this.#layers(detail, still)}</aside>`}
        ${this.#told(detail, still)}
      </div>
      <assessment-card .measures=${measures}></assessment-card>
      <history-card .history=${this.history}></history-card>
      ${this.#tables(still, measures)}
    `;
  }

  #modes(): TemplateResult {
    const t = texts().viewer.visit;
    const names: Record<Mode, string> = { one: t.mode_one, lights: t.mode_lights, compare: t.mode_compare };
    return html`<div class="modes" role="group" aria-label=${t.modes}>
      ${MODES.map(
        (mode) => html`<button data-mode=${mode} aria-pressed=${this.mode === mode} @click=${() => (this.mode = mode)}>
          ${names[mode]}
        </button>`,
      )}
    </div>`;
  }

  #pictures(detail: VisitDetail, still: StillInfo): TemplateResult {
    if (this.mode === "lights") {
      const same = detail.stills.filter((one) => one.view === still.view);
      return html`<light-grid .stills=${same} .view=${this.view}></light-grid>`;
    }
    if (this.mode === "compare") {
      return this.history === null
        ? html`<p class="card muted" role="status">${texts().viewer.compare.loading}</p>`
        : html`<compare-view .history=${this.history}></compare-view>`;
    }
    return html`<still-stage .still=${still} .view=${this.view}></still-stage>`;
  }

  #told(detail: VisitDetail, still: StillInfo): TemplateResult {
    const t = texts().viewer.visit;
    return html`<div class="told">
      <section class="card">
        <h2>${t.picture}</h2>
        ${circumstances(still, detail, (uid) => void this.#select(uid))} ${facts(still)}
      </section>
      <section class="card">
        <h2>${t.preparation}</h2>
        ${preparationFacts(detail.visit.preparation, detail.conditions)}
      </section>
    </div>`;
  }

  #layers(detail: VisitDetail, still: StillInfo): TemplateResult {
    const told = this.measures?.stills ?? [];
    const measures = told.find((one) => one.sop_instance_uid === still.sop_instance_uid)?.measures ?? [];
    return html`<section class="card">
      <layer-panel
        heading=${texts().viewer.visit.layers}
        .view=${this.view}
        still
        .available=${still.layers}
        .figures=${layerFigures(measures)}
        .because=${whyMissing(still, detail.stills, told)}
        missing=${layerReason(still)}
        @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}
      ></layer-panel>
    </section>`;
  }

  #tables(still: StillInfo, measures: VisitMeasures["stills"][number]["measures"]): TemplateResult {
    const { viewer, lights, views } = texts();
    const which = html`<span class="muted">${lights[still.light]}, ${lowered(views[still.view])}</span>`;
    return html`<section class="card table">
        <h2>${viewer.visit.measures} ${which}</h2>
        <measure-table .measures=${measures}></measure-table>
      </section>
      <section class="card table">
        <h2>${viewer.visit.quality} ${which}</h2>
        <quality-table .quality=${this.quality}></quality-table>
      </section>`;
  }

  async #select(uid: string): Promise<void> {
    if (uid !== this.selected) {
      this.quality = null;
      this.history = null;
    }
    this.selected = uid;
    if (uid !== "") {
      try {
        const path = `/api/stills/${uid}`;
        const [quality, history] = await Promise.all([
          get<StillQuality>(`${path}/quality`),
          get<StillHistory>(`${path}/history`),
        ]);
        if (uid === this.selected) {
          this.quality = quality;
          this.history = history;
        }
      } catch (error) {
        this.problem = sentence(error);
      }
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "visit-page": VisitPageElement;
  }
}
