import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Verdict } from "../wire/protocol";
import { Localised, texts } from "./catalogue";
import { clockIcon, verdictIcon } from "./icons";

/** A verdict as shape, colour and word. */
@customElement("verdict-badge")
export class VerdictBadge extends Localised {
  @property({ reflect: true }) verdict: Verdict = "unknown";
  /** Replaces the word. */
  @property() label = "";
  /** A clock in place of the question mark: it only takes its time. */
  @property({ type: Boolean }) waits = false;

  static override styles = css`
    :host {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      font-size: 0.8125rem;
      font-weight: 650;
      border-radius: 999px;
      padding: 3px 10px 3px 6px;
      white-space: nowrap;
      color: var(--unknown);
      background: var(--unknown-soft);
    }
    :host([verdict="pass"]) {
      color: var(--pass);
      background: var(--pass-soft);
    }
    :host([verdict="warn"]) {
      color: var(--warn);
      background: var(--warn-soft);
    }
    :host([verdict="fail"]) {
      color: var(--fail);
      background: var(--fail-soft);
    }
  `;

  override render(): TemplateResult {
    const icon = this.waits && this.verdict === "unknown" ? clockIcon() : verdictIcon(this.verdict, 16);
    return html`${icon}<span>${this.label || texts().verdicts[this.verdict]}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "verdict-badge": VerdictBadge;
  }
}
