import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { mark } from "../shared/icons";
import "../shared/language-switch";
import "../shared/research-note";
import { shared } from "../styles/shared";
import { post, sentence } from "./api";

/** Asks for a token. */
@customElement("sign-in")
export class SignIn extends Localised {
  /** Why signing in with a code did not work, in English. */
  @property() problem = "";
  @state() private sending = false;

  static override styles = [
    shared,
    css`
      :host {
        min-height: 100vh;
        display: grid;
        place-content: center;
        padding: 24px;
      }
      form {
        width: min(400px, calc(100vw - 48px));
        padding: 32px;
        display: grid;
        gap: 18px;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 10px;
      }
      h1 {
        flex: 1;
      }
      label > input {
        margin-top: 6px;
        font-weight: 400;
      }
      .problem {
        color: var(--fail);
        font-size: 0.875rem;
      }
      code {
        font-size: 0.8125rem;
        background: var(--sunken);
        border-radius: 4px;
        padding: 1px 5px;
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().viewer.sign_in;
    const [before = "", after = ""] = t.admin.split("{file}");
    return html`<main>
      <form class="card" @submit=${this.#submit}>
        <div class="brand">${mark(32)}<h1>dermabooth</h1><language-switch></language-switch></div>
        <label
          >${t.token}
          <input name="token" type="password" autocomplete="current-password" required spellcheck="false" />
        </label>
        ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}
        <button class="primary" ?disabled=${this.sending}>${this.sending ? t.signing_in : t.sign_in}</button>
        <p class="small muted">${t.help} ${before}<code>keys/admin.token</code>${after}</p>
        <research-note></research-note>
      </form>
    </main>`;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const token = String(new FormData(event.target as HTMLFormElement).get("token") ?? "");
    this.sending = true;
    try {
      await post("/api/session", { token });
      this.dispatchEvent(new CustomEvent("signed-in"));
    } catch (error) {
      this.problem = sentence(error);
    } finally {
      this.sending = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "sign-in": SignIn;
  }
}
