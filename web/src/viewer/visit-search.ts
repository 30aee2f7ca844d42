import { css, html, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { shared } from "../styles/shared";

const TYPING_MS = 350;

/** What visits are searched for; empty fields ask for nothing. Days are those of this browser's clock. */
export interface Search {
  q: string;
  booth: string;
  from: string;
  to: string;
}

export const EVERYTHING: Search = { q: "", booth: "", from: "", to: "" };

/** The search as the server takes it. */
export function asQuery(search: Search): URLSearchParams {
  const query = new URLSearchParams();
  const day = (text: string, after: number): string => {
    const [year = 0, month = 1, date = 1] = text.split("-").map(Number);
    return String(new Date(year, month - 1, date + after).getTime() / 1000);
  };
  if (search.q.trim() !== "") {
    query.set("q", search.q.trim());
  }
  if (search.booth !== "") {
    query.set("booth", search.booth);
  }
  if (search.from !== "") {
    query.set("since", day(search.from, 0));
  }
  if (search.to !== "") {
    query.set("before", day(search.to, 1));
  }
  return query;
}

/** Fields to search visits by; `search` tells of every change, of typing a moment later. */
@customElement("visit-search")
export class VisitSearch extends Localised {
  @property({ attribute: false }) booths: readonly string[] = [];
  @property({ attribute: false }) search: Search = EVERYTHING;
  @state() private changed = false;
  @query("form") private readonly form!: HTMLFormElement;
  #typing: number | undefined;

  static override styles = [
    shared,
    css`
      form {
        display: grid;
        grid-template-columns: minmax(200px, 2fr) minmax(140px, 1fr) repeat(2, minmax(150px, auto)) auto;
        gap: 12px;
        align-items: end;
        padding: 14px 16px;
      }
      label > * {
        margin-top: 4px;
        font-size: 0.9375rem;
        font-weight: 400;
      }
      button {
        justify-self: start;
      }
      @media (max-width: 900px) {
        form {
          grid-template-columns: 1fr 1fr;
        }
      }
      @media (max-width: 480px) {
        form {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#typing);
  }

  override render(): TemplateResult {
    const t = texts().viewer.visits;
    const { q, booth, from, to } = this.search;
    return html`
      <form class="card" role="search" aria-label=${t.search} @submit=${this.#now} @input=${this.#soon} @change=${this.#now}>
        <label>${t.patient}<input name="q" type="search" maxlength="100" autocomplete="off" spellcheck="false" .value=${q} /></label>
        <label
          >${t.booth}<select name="booth">
            <option value="" .selected=${booth === ""}>${t.every_booth}</option>
            ${this.booths.map((name) => html`<option value=${name} .selected=${name === booth}>${name}</option>`)}
          </select></label
        >
        <label>${t.from}<input name="from" type="date" .value=${from} /></label>
        <label>${t.to}<input name="to" type="date" .value=${to} /></label>
        <button type="button" data-action="clear" ?disabled=${!this.changed} @click=${this.#clear}>${t.clear}</button>
      </form>
    `;
  }

  readonly #soon = (): void => {
    window.clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => this.#tell(), TYPING_MS);
  };

  readonly #now = (event: Event): void => {
    event.preventDefault();
    window.clearTimeout(this.#typing);
    this.#tell();
  };

  readonly #clear = (): void => {
    this.form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select").forEach((one) => (one.value = ""));
    this.#tell();
    this.form.querySelector("input")?.focus();
  };

  #tell(): void {
    const values = new FormData(this.form);
    const told = (name: string): string => String(values.get(name) ?? "");
    const search = { q: told("q"), booth: told("booth"), from: told("from"), to: told("to") };
    this.changed = Object.values(search).some((value) => value !== "");
    if (JSON.stringify(search) !== JSON.stringify(this.search)) {
      this.search = search;
      this.dispatchEvent(new CustomEvent<Search>("search-changed", { detail: search }));
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "visit-search": VisitSearch;
  }
}
