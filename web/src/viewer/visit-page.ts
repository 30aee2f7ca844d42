import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { backIcon, lightIcon } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import "../shared/layer-panel";
import "../shared/verdict-badge";
import { dateTime, exposureTime, LIGHTS, modality, setting, VIEWS, words } from "../shared/words";
import { shared } from "../styles/shared";
import type { StillInfo, StillQuality, VisitDetail, VisitMeasures } from "../wire/server";
import { get, sentence } from "./api";
import "./assessment-card";
import { circumstances, preparationFacts, standingFor, stillOf } from "./capture-record";
import { layerFigures, whyMissing } from "./layer-facts";
import "./measure-table";
import "./quality-table";
import "./still-stage";
import { patientLine, progressLine } from "./visit-card";
import { visitStyles } from "./visit-styles";

/** One visit: its pictures by light with layers, measures and quality. */
@customElement("visit-page")
export class VisitPageElement extends LitElement {
  @property() study = "";
  @state() private detail: VisitDetail | null = null;
  @state() private measures: VisitMeasures | null = null;
  @state() private quality: StillQuality | null = null;
  @state() private selected = "";
  @state() private view: OverlayView = DEFAULT_VIEW;
  @state() private problem = "";

  static override styles = [shared, visitStyles];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("study")) {
      this.detail = null;
      this.measures = null;
      this.selected = "";
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
        await this.#select(this.selected || (detail.stills[0]?.sop_instance_uid ?? ""));
      }
    } catch (error) {
      if (study === this.study) {
        this.problem = sentence(error);
      }
    }
  }

  override render(): TemplateResult {
    if (this.detail === null) {
      return html`${this.#head("Visit", nothing)}
        <p class=${this.problem === "" ? "muted" : "card"} role="status">${this.problem || "Loading the visit…"}</p>`;
    }
    const { visit } = this.detail;
    const still = stillOf(this.detail, this.selected);
    const facts = html`<p class="muted small">
      ${dateTime(visit.opened_at)} · Booth ${visit.booth_id} · ${progressLine(visit)}
    </p>`;
    return html`
      ${this.#head(patientLine(visit), facts)}
      ${this.problem === "" ? nothing : html`<p class="card" role="alert">${this.problem}</p>`}
      ${still === undefined
        ? html`<p class="card muted">No picture of this visit has arrived yet.</p>`
        : this.#still(this.detail, still)}
    `;
  }

  #head(title: string, facts: TemplateResult | typeof nothing): TemplateResult {
    const verdict = this.detail?.visit.verdict ?? null;
    return html`<div class="head">
      <a class="button" href="#/visits" aria-label="Back to all visits">${backIcon()}</a>
      <div class="title"><h1>${title}</h1>${facts}</div>
      ${verdict === null ? nothing : html`<verdict-badge .verdict=${verdict}></verdict-badge>`}
    </div>`;
  }

  #still(detail: VisitDetail, still: StillInfo): TemplateResult {
    const { stills, visit, conditions } = detail;
    const measures = this.measures?.stills.find((one) => one.sop_instance_uid === still.sop_instance_uid);
    return html`
      <div class="body">
        <div class="left">
          <still-stage .still=${still} .view=${this.view}></still-stage>
          <div class="strip" role="tablist" aria-label="Pictures by light" @keydown=${this.#keys}>
            ${stills.map((one) => this.#thumbnail(one, stills, standingFor(detail, this.selected)))}
          </div>
          <div class="told">
            <section class="card">
              <h2>Picture</h2>
              ${circumstances(still, detail, (uid) => void this.#select(uid))} ${facts(still)}
            </section>
            <section class="card">
              <h2>Preparation</h2>
              ${preparationFacts(visit.preparation, conditions)}
            </section>
          </div>
        </div>
        <aside class="side">
          <section class="card">
            <layer-panel
              heading="Layers"
              .view=${this.view}
              still
              .available=${still.layers}
              .figures=${layerFigures(measures?.measures ?? [])}
              .because=${whyMissing(still, stills, this.measures?.stills ?? [])}
              missing=${layerReason(still)}
              @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}
            ></layer-panel>
          </section>
        </aside>
      </div>
      <assessment-card .measures=${measures?.measures ?? []}></assessment-card>
      <section class="card table">
        <h2>Measures <span class="muted">${LIGHTS[still.light]}, ${VIEWS[still.view].toLowerCase()}</span></h2>
        <measure-table .measures=${measures?.measures ?? []}></measure-table>
      </section>
      <section class="card table">
        <h2>Capture quality <span class="muted">${LIGHTS[still.light]}, ${VIEWS[still.view].toLowerCase()}</span></h2>
        <quality-table .quality=${this.quality}></quality-table>
      </section>
    `;
  }

  #thumbnail(still: StillInfo, stills: readonly StillInfo[], shown: string): TemplateResult {
    const uid = still.sop_instance_uid;
    const chosen = uid === shown;
    const views = new Set(stills.map((one) => one.view)).size;
    const label = views > 1 ? `${VIEWS[still.view]}, ${LIGHTS[still.light]}` : LIGHTS[still.light];
    return html`<button
      role="tab"
      aria-selected=${chosen}
      tabindex=${chosen ? 0 : -1}
      data-light=${still.light}
      @click=${() => this.#select(uid)}
    >
      <span class="thumb"
        >${still.picture ? html`<img src="/api/stills/${uid}/image?width=320" alt="" />` : nothing}</span
      >
      <span class="label">${lightIcon(still.light, 18)}${label}</span>
      ${still.verdict === null
        ? html`<span class="small muted">Being analysed</span>`
        : html`<verdict-badge .verdict=${still.verdict}></verdict-badge>`}
      ${marks(still)}
    </button>`;
  }

  #keys(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const stills = this.detail?.stills ?? [];
    if (step === undefined || this.detail === null || stills.length === 0) {
      return;
    }
    const shown = standingFor(this.detail, this.selected);
    const index = stills.findIndex((one) => one.sop_instance_uid === shown);
    const next = stills[(index + step + stills.length) % stills.length];
    void this.#select(next?.sop_instance_uid ?? "").then(() =>
      this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus(),
    );
  }

  async #select(uid: string): Promise<void> {
    if (uid !== this.selected) {
      this.quality = null;
    }
    this.selected = uid;
    if (uid !== "") {
      try {
        const quality = await get<StillQuality>(`/api/stills/${uid}/quality`);
        if (uid === this.selected) {
          this.quality = quality;
        }
      } catch (error) {
        this.problem = sentence(error);
      }
    }
  }
}

/** In a word what sets a picture apart from those that were shot as usual. */
function marks(still: StillInfo): TemplateResult | typeof nothing {
  const told = [still.override === "" ? "" : "shot anyway", still.replaces === null ? "" : "taken again"];
  const text = told.filter((one) => one !== "").join(", ");
  return text === "" ? nothing : html`<span class="marks small">${words(text)}</span>`;
}

/** Why layers are missing. */
function layerReason(still: StillInfo): string {
  const open = still.steps.some((step) => step.state !== "done" && step.state !== "failed");
  if (open) {
    return "Still being analysed";
  }
  return still.face_sought && still.face === null ? "No face was found in this picture" : "Not made for this light";
}

function facts(still: StillInfo): TemplateResult {
  const failed = still.steps.find((step) => step.state === "failed");
  const open = still.steps.find((step) => step.state !== "done" && step.state !== "failed");
  const ended = still.steps.filter((step) => step.state === "done" || step.state === "failed").length;
  const objects = [...new Set(still.instances.map((one) => modality(one.modality)))];
  return html`<dl>
      <dt>Size</dt>
      <dd>${still.width} × ${still.height} px, ${still.bit_depth} bits</dd>
      ${still.exposure === null
        ? nothing
        : html`<dt>Exposure</dt>
            <dd>${exposureTime(still.exposure.time_s)}, ${setting(still.exposure.gain_db)} dB</dd>`}
      <dt>Scale</dt>
      <dd>${still.px_per_mm === null ? "Not calibrated" : `${setting(still.px_per_mm)} px/mm`}</dd>
      <dt>Colour</dt>
      <dd>${still.calibration ?? "Not calibrated"}</dd>
      ${still.camera === null
        ? nothing
        : html`<dt>Camera</dt>
            <dd>${still.camera.manufacturer} ${still.camera.model}</dd>`}
      <dt>DICOM</dt>
      <dd>${objects.length === 0 ? "Not written yet" : objects.join(", ")}</dd>
      <dt>Analysis</dt>
      <dd>
        ${open
          ? html`At ${words(open.step).toLowerCase()}, ${ended} of ${still.steps.length}
              <progress max=${still.steps.length} .value=${ended} aria-label="Progress of the analysis"></progress>`
          : failed
            ? `${words(failed.step)} failed`
            : "Complete"}
      </dd>
    </dl>
    ${failed ? html`<p class="small failed">${failed.error}</p>` : nothing}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "visit-page": VisitPageElement;
  }
}
