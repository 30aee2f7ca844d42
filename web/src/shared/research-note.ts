import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { infoIcon } from "./icons";

/** What these results are, and what they are not. */
@customElement("research-note")
export class ResearchNote extends LitElement {
  static override styles = css`
    :host {
      display: flex;
      align-items: flex-start;
      gap: 8px;
      color: var(--muted);
      font-size: 0.8125rem;
      line-height: 1.45;
    }
    svg {
      flex: none;
      margin-top: 1px;
    }
    strong {
      color: var(--text);
      font-weight: 600;
    }
  `;

  override render(): TemplateResult {
    return html`${infoIcon()}
      <span
        ><strong>For cosmetic and research use; not a medical device.</strong> Layers and
        measures come from published formulas and from models with phantom-trained reference weights; agreement with
        clinicians is not established.</span
      >`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "research-note": ResearchNote;
  }
}
