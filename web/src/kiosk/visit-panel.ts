import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LIGHTS, listed, PREPARATIONS, sentence, VIEWS } from "../shared/words";
import { shared } from "../styles/shared";
import type { BoothState, VisitRequest, VisitStatus } from "../wire/booth";
import type { Preparation } from "../wire/protocol";
import "./light-sequence";

/** Starts a visit, follows it and shows what came of it. */
@customElement("visit-panel")
export class VisitPanel extends LitElement {
  @property({ attribute: false }) booth!: BoothState;
  @state() private sending = false;
  @state() private problem = "";
  @state() private another = false;
  @state() private patient = "";

  static override styles = [
    shared,
    css`
      form {
        display: grid;
        gap: 12px;
        margin-top: 12px;
      }
      label > input,
      label > select {
        margin-top: 4px;
        font-weight: 400;
      }
      button {
        width: 100%;
      }
      .start {
        min-height: 60px;
        font-size: 1.125rem;
      }
      .actions {
        margin-top: 14px;
        display: grid;
        gap: 8px;
      }
      .problem {
        color: var(--fail);
        font-size: 0.875rem;
      }
      .summary {
        margin: 4px 0 10px;
      }
      progress {
        width: 100%;
        margin-bottom: 10px;
        accent-color: var(--accent);
      }
    `,
  ];

  override render(): TemplateResult {
    const { phase, visit } = this.booth;
    if (phase === "shooting" && visit !== null) {
      return this.#running(visit);
    }
    return visit !== null && !this.another ? this.#finished(visit) : this.#form();
  }

  #form(): TemplateResult {
    const { protocol, phase } = this.booth;
    const lights = listed(protocol.recipe.steps.map((step) => LIGHTS[step.light].toLowerCase()));
    const views = listed(protocol.views.map((view) => VIEWS[view]));
    const pictures = protocol.views.length * protocol.recipe.steps.length;
    return html`
      <h2>New visit</h2>
      <p class="small muted">${views} under ${lights} light: ${pictures} ${pictures === 1 ? "picture" : "pictures"}.</p>
      <form @submit=${this.#start}>
        <label
          >Patient ID
          <input name="patient" maxlength="64" autocomplete="off" placeholder="Optional" spellcheck="false" .value=${this.patient} />
        </label>
        <label
          >Skin
          <select name="preparation">
            ${(["cleansed", "make_up", "unspecified"] as const).map(
              (one) => html`<option value=${one} ?selected=${one === protocol.preparation}>${PREPARATIONS[one]}</option>`,
            )}
          </select>
        </label>
        ${this.#complaint()}
        <button class="primary start" data-action="start" ?disabled=${this.sending || phase !== "ready"}>
          ${this.sending ? "Starting…" : "Start"}
        </button>
        ${phase === "ready"
          ? html`<p class="small muted">Eyes closed, face relaxed. The lights flash in turn.</p>`
          : nothing}
      </form>
    `;
  }

  #running(visit: VisitStatus): TemplateResult {
    const taken = visit.stills.filter((still) => still.sop_instance_uid !== "").length;
    return html`
      <h2>Shooting</h2>
      <p class="small muted summary" role="status">${taken} of ${visit.stills.length} pictures taken. Please hold still.</p>
      <light-sequence .visit=${visit}></light-sequence>
      <div class="actions">
        ${this.#complaint()}
        <button data-action="abort" ?disabled=${this.sending} @click=${this.#abort}>Stop the visit</button>
      </div>
    `;
  }

  #finished(visit: VisitStatus): TemplateResult {
    const done = visit.stills.filter((still) => still.stage === "analysed").length;
    const stored = visit.stills.filter((still) => !["waiting", "lighting", "taken", "failed"].includes(still.stage)).length;
    const total = visit.stills.length;
    const text = !visit.complete
      ? (visit.message && sentence(visit.message)) || "The visit was stopped; pictures taken so far are kept."
      : done === total
        ? "Every picture is stored and analysed."
        : `${stored} of ${total} stored, ${done} analysed.`;
    const share = visit.stills.reduce((sum, still) => sum + (still.stage === "analysed" ? 1 : still.analysed), 0) / total;
    return html`
      <h2>${visit.complete ? "All pictures taken" : "Visit stopped"}</h2>
      <p class="small muted summary" role="status" data-visit=${visit.study_instance_uid}>${text}</p>
      ${visit.complete && done < total
        ? html`<progress max="1" .value=${share} aria-label="Analysis at the server"></progress>`
        : nothing}
      <light-sequence .visit=${visit}></light-sequence>
      <div class="actions">
        ${visit.stills.some((still) => still.quality?.verdict === "fail")
          ? html`<button data-action="again" @click=${this.#again}>Shoot this person again</button>`
          : nothing}
        <button class="primary" data-action="next" @click=${this.#next}>Next visit</button>
      </div>
    `;
  }

  #complaint(): TemplateResult | typeof nothing {
    return this.problem === "" ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`;
  }

  #next(): void {
    this.patient = "";
    this.another = true;
  }

  #again(): void {
    this.another = true;
  }

  async #start(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const request: VisitRequest = {
      patient: { patient_id: String(form.get("patient") ?? "").trim() },
      preparation: String(form.get("preparation")) as Preparation,
    };
    this.patient = request.patient.patient_id;
    if (await this.#post("/visit", JSON.stringify(request))) {
      this.another = false;
    }
  }

  async #abort(): Promise<void> {
    await this.#post("/visit/abort", "");
  }

  async #post(path: string, body: string): Promise<boolean> {
    this.sending = true;
    this.problem = "";
    try {
      const response = await fetch(path, { method: "POST", body });
      if (!response.ok) {
        const { title, detail } = (await response.json()) as { title: string; detail: string };
        this.problem = sentence(detail || title);
      }
      return response.ok;
    } catch {
      this.problem = "The booth’s program does not answer. Wait a moment, then try again.";
      return false;
    } finally {
      this.sending = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "visit-panel": VisitPanel;
  }
}
