import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { shared } from "../styles/shared";

/** Why a page could not be filled, told in English; `again` asks for another try. */
@customElement("problem-note")
export class ProblemNote extends Localised {
  @property() problem = "";

  static override styles = [
    shared,
    css`
      .card {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
      }
      p {
        overflow-wrap: anywhere;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<div class="card" role="alert">
      <p>${said(this.problem)}</p>
      <button data-action="again" @click=${() => this.dispatchEvent(new CustomEvent("again"))}>${texts().viewer.retry}</button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "problem-note": ProblemNote;
  }
}
