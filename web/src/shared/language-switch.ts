import { css, html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../styles/shared";
import { chooseLanguage, isLanguage, type Language, language, LANGUAGES, Localised, texts } from "./catalogue";

/** Chooses the language of the page. */
@customElement("language-switch")
export class LanguageSwitch extends Localised {
  static override styles = [
    shared,
    css`
      select {
        min-height: 48px;
        width: auto;
        padding: 0 8px;
      }
    `,
  ];

  override render(): TemplateResult {
    const chosen = language();
    return html`<select aria-label=${texts().language.choose} @change=${this.#choose}>
      ${(Object.entries(LANGUAGES) as [Language, string][]).map(
        ([tag, name]) => html`<option value=${tag} lang=${tag} .selected=${tag === chosen}>${name}</option>`,
      )}
    </select>`;
  }

  #choose(event: Event): void {
    const wanted = (event.target as HTMLSelectElement).value;
    if (isLanguage(wanted)) {
      chooseLanguage(wanted);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "language-switch": LanguageSwitch;
  }
}
