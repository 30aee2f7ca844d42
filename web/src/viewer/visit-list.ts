import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../styles/shared";
import type { VisitPage, VisitSummary } from "../wire/server";
import { get, sentence } from "./api";
import "./visit-card";

/** Visits, newest first. */
@customElement("visit-list")
export class VisitList extends LitElement {
  @state() private visits: VisitSummary[] | null = null;
  @state() private olderThan: number | null = null;
  @state() private problem = "";
  @state() private loading = false;

  static override styles = [
    shared,
    css`
      h1 {
        margin-bottom: 18px;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(330px, 1fr));
        gap: 14px;
      }
      .more {
        margin-top: 18px;
      }
      .empty {
        padding: 48px 24px;
        text-align: center;
        display: grid;
        gap: 4px;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
  }

  /** Looks at the newest visits again. */
  async refresh(): Promise<void> {
    await this.#load(null);
  }

  override render(): TemplateResult {
    return html`<h1>Visits</h1>
      ${this.problem === "" ? nothing : html`<p class="card" role="alert">${this.problem}</p>`}
      ${this.#body()}`;
  }

  #body(): TemplateResult | typeof nothing {
    if (this.visits === null) {
      return this.problem === "" ? html`<p class="muted" role="status">Loading visits…</p>` : nothing;
    }
    if (this.visits.length === 0) {
      return html`<div class="card empty">
        <h2>No visits yet</h2>
        <p class="muted">A visit appears here as soon as a booth starts one.</p>
      </div>`;
    }
    return html`<div class="grid">
        ${this.visits.map((visit) => html`<visit-card .visit=${visit}></visit-card>`)}
      </div>
      ${this.olderThan === null
        ? nothing
        : html`<button class="more" ?disabled=${this.loading} @click=${() => this.#load(this.olderThan)}>
            Show older visits
          </button>`}`;
  }

  async #load(before: number | null): Promise<void> {
    this.loading = true;
    try {
      const page = await get<VisitPage>(before === null ? "/api/visits" : `/api/visits?before=${before}`);
      const shown = this.visits ?? [];
      if (before === null && shown.length > page.visits.length) {
        this.visits = [...page.visits, ...olderThan(page.visits.at(-1), shown)];
      } else {
        this.visits = before === null ? page.visits : [...shown, ...page.visits];
        this.olderThan = page.next_before;
      }
      this.problem = "";
    } catch (error) {
      this.problem = sentence(error);
    } finally {
      this.loading = false;
    }
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
