import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { dateTime, personName } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import { shared } from "../styles/shared";
import type { SignatureInfo, SignaturePage, VisitDetail } from "../wire/server";
import { get, sentence } from "./api";
import type { SignDialog } from "./sign-dialog";
import { previewOf } from "./sign-dialog";

/** Who has signed a visit, whether that holds, and the way to sign it; `changed` asks to look at the visit again. */
@customElement("signature-card")
export class SignatureCard extends Localised {
  @property({ attribute: false }) detail!: VisitDetail;
  @state() private page: SignaturePage | null = null;
  @state() private problem = "";
  @query("sign-dialog") private readonly dialog!: SignDialog;

  static override styles = [
    shared,
    css`
      :host {
        display: block;
        margin-bottom: 14px;
      }
      .card {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 14px;
      }
      .told {
        flex: 1 1 260px;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .told p:first-child {
        font-weight: 600;
        display: flex;
        gap: 8px;
        align-items: center;
      }
      .told svg {
        flex: none;
      }
      .signed svg {
        color: var(--pass);
      }
      .changed svg {
        color: var(--warn);
      }
      details {
        flex-basis: 100%;
      }
      summary {
        cursor: pointer;
        min-height: 28px;
      }
      ul {
        padding: 0 0 0 18px;
        margin: 6px 0 0;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("detail")) {
      void this.#look();
    }
  }

  override render(): TemplateResult | typeof nothing {
    if (this.page === null) {
      return this.problem === "" ? nothing : html`<p class="card" role="alert">${said(this.problem)}</p>`;
    }
    const t = texts().viewer.sign;
    const { page } = this;
    const current = page.signatures.find((one) => one.current);
    const earlier = page.signatures.filter((one) => one !== current);
    return html`<section class="card" aria-label=${t.title}>
        ${stateOf(page, current)}
        ${current === undefined && page.signer !== null
          ? html`<button class="primary" data-action="sign" ?disabled=${page.hindrance !== ""} @click=${() => this.dialog.open()}>
              ${t.open}
            </button>`
          : nothing}
        ${this.#link(current)} ${earlier.length === 0 ? nothing : this.#earlier(earlier)}
      </section>
      <sign-dialog .detail=${this.detail} .page=${page} @closed=${() => this.dispatchEvent(new CustomEvent("changed"))}></sign-dialog>`;
  }

  #link(current: SignatureInfo | undefined): TemplateResult | typeof nothing {
    const t = texts().viewer.sign;
    const study = this.detail.visit.study_instance_uid;
    if (current?.report) {
      return link(reportOf(study, current), t.report);
    }
    return current === undefined && this.detail.stills.length > 0 ? link(previewOf(study), t.draft) : nothing;
  }

  #earlier(signatures: readonly SignatureInfo[]): TemplateResult {
    const t = texts().viewer.sign;
    const study = this.detail.visit.study_instance_uid;
    return html`<details class="small">
      <summary>${t.earlier} (${signatures.length})</summary>
      <ul>
        ${signatures.map(
          (one) => html`<li>
            ${signedLine(one)} ·
            ${one.report ? html`<a href=${reportOf(study, one)} target="_blank" rel="noopener">${t.report}</a>` : t.withdrawn}
          </li>`,
        )}
      </ul>
    </details>`;
  }

  async #look(): Promise<void> {
    const { study_instance_uid: study } = this.detail.visit;
    try {
      const page = await get<SignaturePage>(`/api/visits/${study}/signatures`);
      if (study === this.detail.visit.study_instance_uid) {
        this.page = page;
        this.problem = "";
      }
    } catch (error) {
      this.problem = sentence(error);
    }
  }
}

function stateOf(page: SignaturePage, current: SignatureInfo | undefined): TemplateResult {
  const t = texts().viewer.sign;
  if (current !== undefined) {
    return html`<div class="told signed" data-state="signed">
      <p>${verdictIcon("pass", 20)} ${t.signed}</p>
      <p class="small muted">${signedLine(current)}</p>
    </div>`;
  }
  const [last] = page.signatures;
  const why = page.hindrance === "" ? (last === undefined ? t.not_yet : t.again) : t.hindrances[page.hindrance];
  return html`<div class="told ${last === undefined ? "" : "changed"}" data-state=${last === undefined ? "unsigned" : "changed"}>
    <p>${last === undefined ? t.unsigned : html`${verdictIcon("warn", 20)} ${t.changed}`}</p>
    <p class="small muted">${why}</p>
  </div>`;
}

function signedLine(one: SignatureInfo): string {
  const who = [personName(one.signer.name), one.signer.organization].join(", ");
  return fill(texts().viewer.sign.line, { who, date: dateTime(one.signed_at) });
}

function reportOf(study: string, one: SignatureInfo): string {
  return `/api/visits/${study}/signatures/${one.id}/report`;
}

function link(href: string, text: string): TemplateResult {
  return html`<a class="button" data-action="report" href=${href} target="_blank" rel="noopener">${text}</a>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "signature-card": SignatureCard;
  }
}
