import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { WorklistEntry, WorklistFound } from "../wire/booth";
import { searchWorklist } from "./calls";
import { entryList, entryStyles } from "./worklist-entry";

/** Looks in the hospital's worklist for somebody who is not in today's list; tells `picked` with the entry. */
@customElement("worklist-search")
export class WorklistSearch extends Localised {
  @property({ type: Boolean }) full = false;
  @state() private busy = false;
  @state() private found: WorklistFound | null = null;
  @state() private problem = "";
  @query("input") private readonly field!: HTMLInputElement;
  #asked = 0;

  static override styles = [
    shared,
    kiosk,
    entryStyles,
    css`
      :host {
        display: block;
        margin-top: 14px;
      }
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 10px;
        align-items: end;
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().start;
    return html`<form role="search" @submit=${this.#submit} autocomplete="off">
        <label
          >${t.search_for}<input
            name="sought"
            type="search"
            maxlength="64"
            pattern="[^\\\\]*"
            autocomplete="off"
            spellcheck="false"
        /></label>
        <button data-action="search" ?disabled=${this.busy}>${this.busy ? t.searching : t.search}</button>
      </form>
      <div role="status">${this.#told()}</div>
      ${this.found === null || this.found.entries.length === 0
        ? nothing
        : entryList(this.found.entries, this.full, (entry) => this.#pick(entry))}`;
  }

  /** Look for somebody; whom the hospital knows, none also where it cannot be asked. */
  async seek(sought: string): Promise<readonly WorklistEntry[]> {
    const asked = ++this.#asked;
    this.busy = true;
    this.problem = "";
    this.found = null;
    const answer = await searchWorklist(sought);
    if (asked !== this.#asked) {
      return [];
    }
    this.busy = false;
    this.problem = answer.problem;
    this.found = answer.problem === "" ? (answer.body as WorklistFound) : null;
    return this.found?.entries ?? [];
  }

  /** Show these to choose from. */
  show(entries: readonly WorklistEntry[]): void {
    this.#asked++;
    this.busy = false;
    this.problem = "";
    this.found = { entries: [...entries], problem: "", more: false };
  }

  #told(): TemplateResult | typeof nothing {
    const t = texts().start;
    const problem = this.problem || (this.found?.problem ?? "");
    if (problem !== "") {
      return html`<p class="problem">${said(problem)}</p>`;
    }
    if (this.found?.entries.length === 0) {
      return html`<p class="muted">${t.nobody_found}</p>`;
    }
    return this.found?.more ? html`<p class="muted">${t.more_found}</p>` : nothing;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const sought = this.field.value.trim();
    if (sought !== "") {
      void this.seek(sought);
    }
  }

  #pick(entry: WorklistEntry): void {
    this.dispatchEvent(new CustomEvent<WorklistEntry>("picked", { detail: entry }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "worklist-search": WorklistSearch;
  }
}
