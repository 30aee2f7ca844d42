import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import { abort } from "./calls";

/** Gives the visit up, after asking. */
@customElement("stop-visit")
export class StopVisit extends Localised {
  @state() private problem = "";
  @query("dialog") private readonly dialog!: HTMLDialogElement;

  static override styles = [
    shared,
    kiosk,
    css`
      :host {
        display: contents;
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().framing;
    return html`<button class="quiet danger" data-action="abort" @click=${this.#ask}>${t.stop}</button>
      <dialog aria-labelledby="stop">
        <h2 id="stop">${t.stop_heading}</h2>
        <p class="muted">${t.stop_hint}</p>
        ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}
        <div class="actions">
          <button autofocus @click=${() => this.dialog.close()}>${t.go_on}</button>
          <button class="danger" data-action="abort-now" @click=${this.#stop}>${t.stop_now}</button>
        </div>
      </dialog>`;
  }

  #ask(): void {
    this.problem = "";
    this.dialog.showModal();
  }

  async #stop(): Promise<void> {
    this.problem = (await abort()).problem;
    if (this.problem === "") {
      this.dialog.close();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "stop-visit": StopVisit;
  }
}
