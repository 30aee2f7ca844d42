import { css, html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { Localised, texts } from "./catalogue";
import { infoIcon } from "./icons";

/** What these results are, and what they are not. */
@customElement("research-note")
export class ResearchNote extends Localised {
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
    const { research, research_more } = texts().shell;
    return html`${infoIcon()}<span><strong>${research}</strong> ${research_more}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "research-note": ResearchNote;
  }
}
