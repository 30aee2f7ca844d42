import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { counted, fill, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import "../shared/research-note";
import { nameOf } from "../shared/person-name";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { VisitStatus, WorklistEntry } from "../wire/booth";
import type { Patient } from "../wire/protocol";
import { KioskScreen } from "./kiosk-screen";
import { Scanner } from "./scanner";
import { entryList, entryStyles, when } from "./worklist-entry";
import "./worklist-search";
import type { WorklistSearch } from "./worklist-search";

/** Who was chosen for the next visit. */
export interface Chosen {
  patient: Patient;
  worklist_key: string;
}

const LONGEST_ID = 64;

/** Who comes next: from today's list, by barcode, or walking in. */
@customElement("start-screen")
export class StartScreen extends KioskScreen {
  @state() private scanned = "";
  @state() private wrong = false;
  @query("form") private readonly form!: HTMLFormElement;
  @query("worklist-search") private readonly search!: WorklistSearch | null;
  readonly #scanner = new Scanner((code) => this.#heard(code));

  static override styles = [
    shared,
    kiosk,
    entryStyles,
    css`
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(320px, 420px);
        gap: 20px;
        margin: 18px 0;
        align-items: start;
      }
      .alone {
        grid-template-columns: minmax(0, 620px);
      }
      form {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 14px;
        margin-top: 12px;
      }
      .wide {
        grid-column: 1 / -1;
      }
      .notices {
        display: grid;
        gap: 10px;
        margin-top: 14px;
      }
      .notices:empty {
        display: none;
      }
      @media (max-width: 900px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scanner.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scanner.stop();
  }

  override render(): TemplateResult {
    const t = texts().start;
    const { worklist } = this.booth;
    return html`<div class="screen">
      <h1 tabindex="-1">${t.heading}</h1>
      <p class="lead">${worklist.configured ? t.hint : t.hint_alone}</p>
      <div class="notices" role="status">${this.#notices()}</div>
      <div class="columns ${worklist.configured ? "" : "alone"}">
        ${worklist.configured ? this.#list() : nothing} ${this.#walkIn()}
      </div>
      <research-note></research-note>
    </div>`;
  }

  #notices(): (TemplateResult | typeof nothing)[] {
    const t = texts();
    const { visit, uplink, disk } = this.booth;
    return [
      visit === null ? nothing : ended(visit, uplink.pending),
      this.scanned === "" || this.wrong ? nothing : html`<p class="notice">${fill(t.start.scanned, { code: this.scanned })}</p>`,
      this.wrong ? html`<p class="notice fail">${t.start.long_code}</p>` : nothing,
      disk.problem === "" ? nothing : html`<p class="notice warn">${verdictIcon("warn")}<span>${said(disk.problem)}</span></p>`,
    ];
  }

  #list(): TemplateResult {
    const t = texts().start;
    const { entries, problem, searchable, told_at } = this.booth.worklist;
    return html`<section class="card" aria-labelledby="list">
      <h2 id="list">${t.list}</h2>
      ${problem === ""
        ? nothing
        : html`<p class="problem">${this.#stale(told_at)} ${said(problem)}</p>`}
      ${entries.length === 0
        ? html`<p class="lead">${t.empty}</p>`
        : entryList(entries, this.#full, (entry) => this.#pick(entry))}
      ${searchable
        ? html`<worklist-search
            ?full=${this.#full}
            @picked=${(event: CustomEvent<WorklistEntry>) => this.#pick(event.detail)}
          ></worklist-search>`
        : nothing}
    </section>`;
  }

  #stale(told_at: number | null): string {
    const t = texts().start;
    return told_at === null ? t.unread : fill(t.stale, { time: when(told_at) });
  }

  #walkIn(): TemplateResult {
    const t = texts();
    const field = (name: string, label: string, type = "text"): TemplateResult => html`<label
      >${label}<input name=${name} type=${type} maxlength="64" autocomplete="off" spellcheck="false" pattern="[^\\\\]*"
    /></label>`;
    return html`<section class="card" aria-labelledby="walk-in">
      <h2 id="walk-in">${t.start.walk_in}</h2>
      <p class="muted">${t.start.optional}</p>
      <form @submit=${this.#enter} autocomplete="off">
        <div class="wide">${field("patient_id", t.common.patient_id)}</div>
        ${field("family", t.start.family_name)} ${field("given", t.start.given_name)}
        ${field("birth", t.start.birth_date, "date")}
        <label
          >${t.start.sex}<select name="sex">
            ${(["", "F", "M", "O"] as const).map((one) => html`<option value=${one}>${t.start.sexes[one]}</option>`)}
          </select></label
        >
        <button class="primary big wide" data-action="continue" ?disabled=${this.#full}>${t.start.continue}</button>
        ${this.#full ? html`<p class="problem wide">${t.start.no_room}</p>` : nothing}
      </form>
    </section>`;
  }

  get #full(): boolean {
    return this.booth.disk.visits_left === 0;
  }

  #heard(code: string): void {
    this.wrong = code.length > LONGEST_ID || code.includes("\\");
    this.scanned = "";
    const known = this.booth.worklist.entries.filter((one) => names(one, code));
    if (this.wrong) {
      return;
    }
    if (known.length > 1 && this.search !== null) {
      this.search.show(known);
    } else if (known[0] !== undefined && !this.#full) {
      this.#pick(known[0]);
    } else {
      void this.#seek(code);
    }
  }

  /** Somebody who is not in the list: of another day, or nobody whom the hospital expects. */
  async #seek(code: string): Promise<void> {
    const found = this.search === null ? [] : await this.search.seek(code);
    const [first] = found;
    if (found.length === 1 && first !== undefined && names(first, code) && !this.#full) {
      this.#pick(first);
    } else if (found.length === 0 && this.isConnected) {
      this.scanned = code;
      this.form.reset();
      const id = this.form.elements.namedItem("patient_id") as HTMLInputElement;
      id.value = code;
      id.focus();
    }
  }

  #enter(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(this.form);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    this.#choose({
      worklist_key: "",
      patient: {
        patient_id: text("patient_id"),
        issuer_of_patient_id: "",
        patient_name: nameOf([[text("family"), text("given")]]),
        patient_birth_date: text("birth").replaceAll("-", ""),
        patient_sex: text("sex"),
      },
    });
  }

  #pick(entry: WorklistEntry): void {
    this.#choose({ patient: entry.patient, worklist_key: entry.key });
  }

  #choose(chosen: Chosen): void {
    this.dispatchEvent(new CustomEvent<Chosen>("chosen", { detail: chosen }));
  }
}

/** Whether a scanned code is of this entry. */
function names(entry: WorklistEntry, code: string): boolean {
  return code === entry.accession_number || code === entry.patient.patient_id || code === entry.key;
}

/** How the last visit ended, without its patient. */
function ended(visit: VisitStatus, pending: number): TemplateResult | typeof nothing {
  const t = texts();
  const sending = pending > 0 ? counted(t.start.sending, pending) : t.start.all_sent;
  if (visit.step === "failed" || visit.step === "aborted") {
    const text = visit.step === "aborted" ? t.start.aborted : t.start.failed;
    const why = visit.step === "failed" && visit.message !== "" ? said(visit.message) : "";
    return html`<p class="notice warn" data-ended=${visit.step}>${verdictIcon("warn")}<span>${text} ${why}</span></p>`;
  }
  return visit.closed
    ? html`<p class="notice pass" data-ended="finished">${verdictIcon("pass")}<span>${t.start.finished} ${sending}</span></p>`
    : nothing;
}

declare global {
  interface HTMLElementTagNameMap {
    "start-screen": StartScreen;
  }
}
