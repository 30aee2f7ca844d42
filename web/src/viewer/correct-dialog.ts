import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { CATALOGUES, fill, Localised, texts } from "../shared/catalogue";
import { dateTime, personName } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { nameOf, nameParts } from "../shared/person-name";
import { lowered } from "../shared/words";
import { shared } from "../styles/shared";
import type { OrderEntry, Patient } from "../wire/protocol";
import type { Cause, OrderPage, StillInfo, VisitDetail } from "../wire/server";
import { get, post, sentence } from "./api";
import { dialogStyles } from "./dialog-styles";
import "./problem-note";
import { patientLine } from "./visit-words";

const KINDS = ["patient", "merge", "move", "order", "reject"] as const;
const CAUSES: readonly Cause[] = [
  ...(["motion_blur", "under_exposed", "over_exposed", "positioning", "artifact", "other"] as const),
  ...(["patient_safety", "worklist_entry", "retention"] as const),
];
const SEXES = ["none", "F", "M", "O"] as const;
const NOBODY: Patient = {
  patient_id: "",
  issuer_of_patient_id: "",
  patient_name: "",
  patient_birth_date: "",
  patient_sex: "",
};
/** The groups of a DICOM PN, in their order. */
const WRITTEN = ["alphabetic", "ideographic", "phonetic"] as const;
type Kind = (typeof KINDS)[number];

/** Asks what was wrong with a visit and says what will happen; `corrected` tells that the server does it. */
@customElement("correct-dialog")
export class CorrectDialog extends Localised {
  @property({ attribute: false }) detail!: VisitDetail;
  @property({ attribute: false }) still: StillInfo | undefined;
  @state() private kind: Kind = "patient";
  /** null: not yet known. */
  @state() private orders: OrderEntry[] | null = null;
  @state() private problem = "";
  /** Why the orders are not known. */
  @state() private unread = "";
  @state() private sending = false;
  @query("dialog") private readonly dialog!: HTMLDialogElement;
  @query("form") private readonly form!: HTMLFormElement;

  static override styles = [
    shared,
    dialogStyles,
    css`
      fieldset {
        border: 0;
        padding: 0;
        margin: 0;
        display: grid;
        gap: 2px;
      }
      .kind {
        display: flex;
        align-items: center;
        gap: 10px;
        min-height: 34px;
        font-size: 0.9375rem;
        color: var(--text);
        cursor: pointer;
      }
      legend {
        padding: 0;
      }
      .kind input {
        margin: 0;
        width: 20px;
        min-height: 20px;
        flex: none;
        accent-color: var(--accent);
      }
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(200px, 1fr));
        gap: 12px;
      }
      label > input:not([type="radio"]),
      label > select {
        margin-top: 6px;
        font-weight: 400;
      }
    `,
  ];

  open(): void {
    this.problem = "";
    this.kind = "patient";
    this.form.reset();
    this.dialog.showModal();
    void this.#look();
  }

  override render(): TemplateResult {
    const t = texts().viewer.correct;
    return html`<dialog aria-labelledby="heading">
      <h2 id="heading">${t.heading}</h2>
      <p class="muted small">${fill(t.now, { patient: patientLine(this.detail.visit) })}</p>
      <form @submit=${this.#ask} autocomplete="off">
        <fieldset>
          <legend class="small muted">${t.what}</legend>
          ${KINDS.filter((kind) => kind !== "reject" || this.still !== undefined).map(
            (kind) => html`<label class="kind"
              ><input
                type="radio"
                name="kind"
                value=${kind}
                ?checked=${kind === "patient"}
                @change=${() => (this.kind = kind)}
              />${t.kinds[kind]}</label
            >`,
          )}
        </fieldset>
        ${keyed(this.kind, this.#fields())}
        <label>${t.reason}<input name="reason" required maxlength="500" /></label>
        <p class="will small">${t.will[this.kind]}</p>
        ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}
        <div class="actions">
          <button type="button" @click=${() => this.dialog.close()}>${texts().common.cancel}</button>
          <button class="primary" data-action="confirm" ?disabled=${this.sending || (this.kind === "order" && !this.orders?.length)}>
            ${this.sending ? t.sending : this.kind === "reject" ? t.confirm_reject : t.confirm}
          </button>
        </div>
      </form>
    </dialog>`;
  }

  #fields(): TemplateResult {
    switch (this.kind) {
      case "order":
        return this.#choice();
      case "reject":
        return this.#rejection();
      case "patient":
        return this.#person(this.detail.visit.patient);
      default:
        return this.#person(NOBODY);
    }
  }

  #person(known: Patient): TemplateResult {
    const t = texts().viewer.correct;
    const born = known.patient_birth_date.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3");
    return html`<div class="fields">
      <label>${t.id}<input name="patient_id" required maxlength="64" value=${known.patient_id} /></label>
      <label>${t.issuer}<input name="issuer_of_patient_id" maxlength="64" value=${known.issuer_of_patient_id} /></label>
      ${nameFields(known.patient_name)}
      <label>${t.birth_date}<input name="patient_birth_date" type="date" value=${born} /></label>
      <label
        >${t.sex}<select name="patient_sex">
          ${SEXES.map((sex) => {
            const value = sex === "none" ? "" : sex;
            return html`<option value=${value} ?selected=${known.patient_sex === value}>${t.sexes[sex]}</option>`;
          })}
        </select></label
      >
    </div>`;
  }

  #choice(): TemplateResult {
    const t = texts().viewer.correct;
    if (this.unread !== "") {
      return html`<problem-note .problem=${this.unread} @again=${() => void this.#look()}></problem-note>`;
    }
    if (this.orders === null || this.orders.length === 0) {
      return html`<p class="muted small" role="status">${this.orders === null ? t.looking : t.no_orders}</p>`;
    }
    return html`<label
      >${t.entry}<select name="entry" required>
        <option value="">${t.choose}</option>
        ${this.orders.map((one, index) => html`<option value=${index}>${orderLine(one)}</option>`)}
      </select></label
    >`;
  }

  #rejection(): TemplateResult {
    const { lights, views, viewer } = texts();
    const t = viewer.correct;
    const which = this.still;
    return html`${which === undefined
        ? nothing
        : html`<p class="small">${fill(t.picture, { light: lights[which.light], view: lowered(views[which.view]) })}</p>`}
      <label
        >${t.cause}<select name="cause" required>
          <option value="">${t.choose}</option>
          ${CAUSES.map((cause) => html`<option value=${cause}>${t.causes[cause]}</option>`)}
        </select></label
      >`;
  }

  async #look(): Promise<void> {
    this.orders = null;
    this.unread = "";
    try {
      this.orders = (await get<OrderPage>("/api/orders")).entries;
    } catch (error) {
      this.unread = sentence(error);
    }
  }

  async #ask(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.sending = true;
    this.problem = "";
    try {
      await this.#send(new FormData(this.form));
      this.dialog.close();
      this.dispatchEvent(new CustomEvent("corrected"));
    } catch (error) {
      this.problem = sentence(error);
    } finally {
      this.sending = false;
    }
  }

  /** What a name has besides its family and given name stays, where it is the same person's. */
  #name(form: FormData): string {
    const given = form.getAll("given").map(String);
    const known = this.kind === "patient" ? this.detail.visit.patient.patient_name : "";
    return nameOf(form.getAll("family").map((family, at) => [String(family), given[at] ?? ""]), known);
  }

  async #send(form: FormData): Promise<void> {
    const { study_instance_uid: study, patient: seen } = this.detail.visit;
    const said = (name: string): string => String(form.get(name) ?? "").trim();
    const [path, reason] = [`/api/visits/${study}`, said("reason")];
    if (this.kind === "reject" && this.still !== undefined) {
      await post(`${path}/stills/${this.still.sop_instance_uid}/reject`, { cause: said("cause"), reason });
      return;
    }
    const entry = this.kind === "order" ? this.orders?.[Number(said("entry"))] : undefined;
    if (this.kind === "order" && entry === undefined) {
      throw new Error(CATALOGUES.en.viewer.correct.no_orders);
    }
    const patient = entry?.patient ?? {
      patient_id: said("patient_id"),
      issuer_of_patient_id: said("issuer_of_patient_id"),
      patient_name: this.#name(form),
      patient_birth_date: said("patient_birth_date").replaceAll("-", ""),
      patient_sex: said("patient_sex"),
    };
    await post(`${path}/corrections`, { kind: this.kind, seen, patient, order: entry?.order ?? null, reason });
  }
}

/** Family and given name in every script that the name has; one of the family names must be told. */
function nameFields(name: string): TemplateResult[] {
  const { start, viewer } = texts();
  const parts = nameParts(name);
  const needed = Math.max(0, parts.findIndex(([family]) => family !== ""));
  return parts.map(([family, given], at) => {
    const written = (what: string): string => fill(viewer.correct.written[WRITTEN[at] ?? "alphabetic"], { name: what });
    return html`<label>${written(start.family_name)}<input name="family" ?required=${at === needed} maxlength="64" value=${family} /></label>
      <label>${written(start.given_name)}<input name="given" maxlength="64" value=${given} /></label>`;
  });
}

function orderLine(entry: OrderEntry): string {
  const { patient, order, scheduled_at: at } = entry;
  const parts = [
    at === null ? "" : dateTime(at),
    personName(patient.patient_name),
    patient.patient_id,
    order.scheduled_step_description || order.requested_procedure_description,
    order.accession_number,
  ];
  return parts.filter((one) => one !== "").join(" · ");
}

declare global {
  interface HTMLElementTagNameMap {
    "correct-dialog": CorrectDialog;
  }
}
