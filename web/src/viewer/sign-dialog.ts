import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { counted, fill, Localised, texts } from "../shared/catalogue";
import { listed, personName } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import { pictureName } from "../shared/words";
import { shared } from "../styles/shared";
import type { SignaturePage, VisitDetail } from "../wire/server";
import { post, sentence } from "./api";
import { dialogStyles } from "./dialog-styles";
import { patientLine } from "./visit-words";

/** Says what is signed, as whom, and what speaks against it; `closed` asks to look at the visit again. */
@customElement("sign-dialog")
export class SignDialog extends Localised {
  @property({ attribute: false }) detail!: VisitDetail;
  @property({ attribute: false }) page!: SignaturePage;
  @state() private problem = "";
  @state() private signing = false;
  @query("dialog") private readonly dialog!: HTMLDialogElement;
  @query("form") private readonly form!: HTMLFormElement;
  /** What whoever signs has in sight: whatever comes while they read is not signed. */
  #seen = "";

  static override styles = [
    shared,
    dialogStyles,
    css`
      .check {
        display: flex;
        align-items: start;
        gap: 10px;
        min-height: 28px;
        color: var(--text);
        font-size: 0.9375rem;
        cursor: pointer;
      }
      .check input {
        width: 20px;
        min-height: 20px;
        flex: none;
        margin: 1px 0 0;
        accent-color: var(--accent);
      }
      .against {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 6px 10px;
        background: var(--warn-soft);
        border-radius: var(--radius-small);
        padding: 12px 14px;
      }
      .against svg {
        color: var(--warn);
      }
      .as {
        font-weight: 600;
      }
    `,
  ];

  open(): void {
    this.problem = "";
    this.#seen = this.page.content;
    this.form.reset();
    this.dialog.showModal();
  }

  override render(): TemplateResult {
    const t = texts().viewer.sign;
    const { visit, stills } = this.detail;
    const count = counted(texts().common.pictures, stills.length);
    return html`<dialog aria-labelledby="heading" @close=${() => this.dispatchEvent(new CustomEvent("closed"))}>
      <h2 id="heading">${t.heading}</h2>
      <p class="muted small">${patientLine(visit)} · ${count}</p>
      <form @submit=${this.#sign}>
        <p>${t.as}<br /><span class="as">${signerLine(this.page)}</span></p>
        ${this.#against()}
        <p class="will small">${t.will}</p>
        <p><a href=${previewOf(visit.study_instance_uid)} target="_blank" rel="noopener">${t.preview}</a></p>
        <label class="check"><input type="checkbox" name="seen" required /><span>${t.seen}</span></label>
        ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}
        <div class="actions">
          <button type="button" @click=${() => this.dialog.close()}>${texts().common.cancel}</button>
          <button class="primary" data-action="confirm" ?disabled=${this.signing}>
            ${this.signing ? t.signing : t.confirm}
          </button>
        </div>
      </form>
    </dialog>`;
  }

  /** What whoever signs should know: poor pictures, and some that are missing. */
  #against(): TemplateResult | typeof nothing {
    const t = texts().viewer.sign;
    const { visit, stills } = this.detail;
    const poor = stills.filter((one) => one.verdict === "fail").map((one) => pictureName(one.view, one.light));
    const told = [
      ...(poor.length === 0 ? [] : [fill(t.poor, { pictures: listed(poor) })]),
      ...(visit.stored < visit.expected
        ? [fill(t.incomplete, { stored: String(visit.stored), expected: String(visit.expected) })]
        : []),
    ];
    return told.length === 0
      ? nothing
      : html`<div class="against small" data-note="against">
          ${told.map((line) => html`${verdictIcon("warn", 18)}<span>${line}</span>`)}
        </div>`;
  }

  async #sign(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.signing = true;
    this.problem = "";
    try {
      await post(`/api/visits/${this.detail.visit.study_instance_uid}/signatures`, { seen: this.#seen });
      this.dialog.close();
    } catch (error) {
      this.problem = sentence(error);
    } finally {
      this.signing = false;
    }
  }
}

/** Where the report is that is not signed. */
export function previewOf(study: string): string {
  return `/api/visits/${study}/report`;
}

function signerLine({ signer }: SignaturePage): string {
  return signer === null ? "" : [personName(signer.name), signer.organization].join(", ");
}

declare global {
  interface HTMLElementTagNameMap {
    "sign-dialog": SignDialog;
  }
}
