import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { mark } from "../shared/icons";
import "../shared/research-note";
import { shared } from "../styles/shared";
import { post, sentence } from "./api";

/** Asks for a token. */
@customElement("sign-in")
export class SignIn extends LitElement {
  /** Why signing in with a code did not work. */
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
    return html`<form class="card" @submit=${this.#submit}>
      <div class="brand">${mark(32)}<h1>dermabooth</h1></div>
      <label
        >Access token
        <input name="token" type="password" autocomplete="current-password" required spellcheck="false" />
      </label>
      ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
      <button class="primary" ?disabled=${this.sending}>${this.sending ? "Signing in…" : "Sign in"}</button>
      <p class="small muted">
        Whoever runs the server gives you a token or a sign-in link. The administrator’s token is in
        <code>keys/admin.token</code> of the server’s data folder.
      </p>
      <research-note></research-note>
    </form>`;
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
