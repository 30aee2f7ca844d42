import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { counted, Localised, texts } from "../shared/catalogue";
import { shared } from "../styles/shared";
import type { BoothInfo, VisitPage, VisitSummary } from "../wire/server";
import { get, sentence } from "./api";
import { pageStyles } from "./page-styles";
import "./problem-note";
import "./visit-card";
import "./visit-search";
import { asQuery, EVERYTHING, type Search } from "./visit-search";

/** Visits, newest first, and a search among them. */
@customElement("visit-list")
export class VisitList extends Localised {
  @state() private visits: VisitSummary[] | null = null;
  @state() private olderThan: number | null = null;
  @state() private problem = "";
  @state() private loading = false;
  @state() private booths: readonly string[] = [];
  #search: Search = EVERYTHING;
  #asked = 0;

  static override styles = [
    shared,
    pageStyles,
    css`
      h1 {
        margin-bottom: 14px;
      }
      .count {
        margin: 14px 2px 10px;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr));
        gap: 14px;
      }
      .more {
        margin-top: 18px;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
    void get<BoothInfo[]>("/api/booths").then(
      (booths) => (this.booths = booths.map((booth) => booth.booth_id)),
      () => undefined,
    );
  }

  /** Looks at the newest visits again. */
  async refresh(): Promise<void> {
    await this.#load(null);
  }

  override render(): TemplateResult {
    return html`<h1>${texts().viewer.visits.heading}</h1>
      <visit-search
        .booths=${this.booths}
        @search-changed=${(event: CustomEvent<Search>) => this.#seek(event.detail)}
      ></visit-search>
      ${this.problem === "" ? nothing : html`<problem-note .problem=${this.problem} @again=${() => void this.refresh()}></problem-note>`}
      <p class="count small muted" role="status">${this.#count()}</p>
      ${this.#body()}`;
  }

  #count(): string {
    const t = texts().viewer.visits;
    if (this.visits === null) {
      return this.problem === "" ? t.loading : "";
    }
    return this.visits.length === 0 ? "" : counted(this.olderThan === null ? t.found : t.found_more, this.visits.length);
  }

  #body(): TemplateResult | typeof nothing {
    const t = texts().viewer.visits;
    if (this.visits === null) {
      return nothing;
    }
    if (this.visits.length === 0) {
      const sought = this.#search !== EVERYTHING;
      return html`<div class="card empty">
        <h2>${sought ? t.nothing : t.empty}</h2>
        <p class="muted">${sought ? t.nothing_detail : t.empty_detail}</p>
      </div>`;
    }
    return html`<div class="grid">
        ${this.visits.map((visit) => html`<visit-card .visit=${visit}></visit-card>`)}
      </div>
      ${this.olderThan === null
        ? nothing
        : html`<button class="more" ?disabled=${this.loading} @click=${() => this.#load(this.olderThan)}>${t.older}</button>`}`;
  }

  #seek(search: Search): void {
    this.#search = Object.values(search).every((value) => value === "") ? EVERYTHING : search;
    this.visits = null;
    void this.#load(null);
  }

  async #load(before: number | null): Promise<void> {
    const turn = ++this.#asked;
    const query = asQuery(this.#search);
    if (before !== null) {
      query.set("before", String(before));
    }
    this.loading = true;
    try {
      const page = await get<VisitPage>(`/api/visits?${query}`);
      if (turn === this.#asked) {
        this.#show(page, before);
      }
    } catch (error) {
      this.problem = sentence(error);
    } finally {
      this.loading = false;
    }
  }

  #show(page: VisitPage, before: number | null): void {
    const shown = this.visits ?? [];
    if (before === null && shown.length > page.visits.length) {
      this.visits = [...page.visits, ...olderThan(page.visits.at(-1), shown)];
    } else {
      this.visits = before === null ? page.visits : [...shown, ...page.visits];
      this.olderThan = page.next_before;
    }
    this.problem = "";
  }
}

/** Visits that were loaded further down the list, without those that the newest page holds. */
function olderThan(last: VisitSummary | undefined, shown: readonly VisitSummary[]): VisitSummary[] {
  return shown.filter((visit) => last !== undefined && visit.opened_at < last.opened_at);
}

declare global {
  interface HTMLElementTagNameMap {
    "visit-list": VisitList;
  }
}
