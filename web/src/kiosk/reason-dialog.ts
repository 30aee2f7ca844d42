import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { CATALOGUES, Localised, texts } from "../shared/catalogue";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";

const REASONS = ["pose", "cover", "skin", "room", "other"] as const;
const LONGEST = 256;

/** Asks why a picture is taken although the booth asks for a correction; `reason` tells it. */
@customElement("reason-dialog")
export class ReasonDialog extends Localised {
  @state() private wrong = false;
  @query("dialog") private readonly dialog!: HTMLDialogElement;
  @query("form") private readonly form!: HTMLFormElement;

  static override styles = [
    shared,
    kiosk,
    css`
      :host {
        display: contents;
      }
      fieldset {
        display: grid;
        gap: 8px;
        margin: 16px 0;
      }
    `,
  ];

  open(): void {
    this.wrong = false;
    this.form.reset();
    this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  override render(): TemplateResult {
    const t = texts();
    return html`<dialog aria-labelledby="why">
      <h2 id="why">${t.framing.why}</h2>
      <p class="muted">${t.framing.why_hint}</p>
      <form @submit=${this.#tell} autocomplete="off">
        <fieldset>
          <legend class="visually-hidden">${t.framing.why}</legend>
          ${REASONS.map(
            (one) => html`<label class="choice"
              ><input type="radio" name="choice" value=${one} />${t.framing.reasons[one]}</label
            >`,
          )}
        </fieldset>
        <label>${t.framing.words}<textarea name="words" rows="2" maxlength="180"></textarea></label>
        ${this.wrong ? html`<p class="problem" role="alert">${t.framing.words_missing}</p>` : nothing}
        <div class="actions">
          <button type="button" @click=${() => this.close()}>${t.common.cancel}</button>
          <button class="primary" data-action="shoot-anyway">${t.framing.shoot}</button>
        </div>
      </form>
    </dialog>`;
  }

  #tell(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(this.form);
    const reason = recorded(String(form.get("choice") ?? ""), String(form.get("words") ?? ""));
    this.wrong = reason === "";
    if (!this.wrong) {
      this.close();
      this.dispatchEvent(new CustomEvent<string>("reason", { detail: reason }));
    }
  }
}

/** What is stored with the picture: the choice in English, whoever reads it later, then the words; empty if there are none. */
function recorded(choice: string, words: string): string {
  const said = words.replaceAll("\\", "/").replace(/\s+/g, " ").trim();
  const known = CATALOGUES.en.framing.reasons as Readonly<Record<string, string>>;
  const chosen = choice === "other" ? "" : (known[choice] ?? "");
  return [chosen, said].filter((one) => one !== "").join(": ").slice(0, LONGEST);
}

declare global {
  interface HTMLElementTagNameMap {
    "reason-dialog": ReasonDialog;
  }
}
