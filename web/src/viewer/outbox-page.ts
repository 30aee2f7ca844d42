import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { counted, Localised, texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { shared } from "../styles/shared";
import type { DeliveryInfo, DeliveryState, DestinationInfo, OutboxPage, Retried, SessionInfo } from "../wire/server";
import { get, post, sentence } from "./api";
import "./delivery-row";
import type { DeliveryWish } from "./delivery-row";
import "./destination-card";
import { pageStyles } from "./page-styles";
import "./problem-note";

const LOOK_MS = 5000;
const PAGE = 50;
/** The server answers with no more at once. */
const MOST = 500;
const STATES: readonly DeliveryState[] = ["parked", "waiting", "sending", "stored", "committed"];

/** What goes where: destinations in numbers, and every object on its way, looked at anew every five seconds. */
@customElement("outbox-page")
export class OutboxPageElement extends Localised {
  @state() private destinations: readonly DestinationInfo[] | null = null;
  @state() private deliveries: readonly DeliveryInfo[] = [];
  @state() private more = false;
  @state() private problem = "";
  @state() private told: (() => TemplateResult | string) | null = null;
  @state() private admin = false;
  @state() private destination = "";
  @state() private standing: DeliveryState | "" = "";
  #busy = false;
  #shown = PAGE;
  #asked = 0;
  #timer: number | undefined;

  static override styles = [
    shared,
    pageStyles,
    css`
      h1 {
        margin-bottom: 2px;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr));
        gap: 14px;
        margin: 18px 0 28px;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 12px;
      }
      .head h2 {
        flex: 1;
        font-size: 1.125rem;
      }
      .head label {
        min-width: 190px;
      }
      .head select {
        margin-top: 4px;
        font-size: 0.9375rem;
        font-weight: 400;
      }
      .told {
        min-height: 1.5em;
        margin: 10px 2px;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      .list {
        padding: 4px 0;
      }
      .more {
        margin-top: 18px;
      }
      @media (max-width: 640px) {
        .head h2 {
          flex-basis: 100%;
        }
        .head label {
          flex: 1;
          min-width: 140px;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
    void get<SessionInfo>("/api/session").then(
      ({ scopes }) => (this.admin = scopes.includes("admin")),
      () => undefined,
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asked += 1;
    window.clearTimeout(this.#timer);
  }

  /** Looks again now, and every five seconds from then on. */
  async refresh(): Promise<void> {
    const turn = ++this.#asked;
    window.clearTimeout(this.#timer);
    try {
      const page = await get<OutboxPage>(`/api/outbox?${this.#query()}`);
      if (turn === this.#asked) {
        this.destinations = page.destinations;
        this.deliveries = page.deliveries;
        this.more = page.next_before !== null && this.#shown < MOST;
        this.problem = "";
      }
    } catch (error) {
      if (turn === this.#asked) {
        this.problem = sentence(error);
      }
    }
    if (turn === this.#asked) {
      this.#timer = window.setTimeout(() => void this.#lookAgain(), LOOK_MS);
    }
  }

  override render(): TemplateResult {
    const t = texts().viewer.outbox;
    return html`<h1>${t.heading}</h1>
      <p class="muted">${t.intro}</p>
      ${this.problem === ""
        ? nothing
        : html`<problem-note .problem=${this.problem} @again=${() => void this.refresh()}></problem-note>`}
      ${this.#body()}`;
  }

  #body(): TemplateResult | typeof nothing {
    const t = texts().viewer.outbox;
    if (this.destinations === null) {
      return this.problem === "" ? html`<p class="empty muted" role="status">${t.loading}</p>` : nothing;
    }
    if (this.destinations.length === 0) {
      return html`<div class="card empty">
        <h2>${t.empty}</h2>
        <p class="muted">${t.empty_detail}</p>
      </div>`;
    }
    return html`<h2 class="visually-hidden">${t.destinations}</h2>
      <div class="grid">
        ${repeat(
          this.destinations,
          (one) => one.name,
          (one) =>
            html`<destination-card
              .destination=${one}
              ?admin=${this.admin}
              @retry-parked=${(event: CustomEvent<string>) => this.#retryParked(event.detail)}
            ></destination-card>`,
        )}
      </div>
      ${this.#choice(this.destinations)}
      <p class="told small" role="status">${this.told?.() ?? (this.admin ? "" : t.reader)}</p>
      ${this.#list()}`;
  }

  #choice(destinations: readonly DestinationInfo[]): TemplateResult {
    const t = texts().viewer.outbox;
    return html`<div class="head">
      <h2>${t.deliveries}</h2>
      <label
        >${t.destination}<select name="destination" @change=${this.#choose}>
          <option value="">${t.every_destination}</option>
          ${destinations.map(({ name }) => html`<option value=${name} .selected=${name === this.destination}>${name}</option>`)}
        </select></label
      >
      <label
        >${t.state}<select name="state" @change=${this.#choose}>
          <option value="">${t.every_state}</option>
          ${STATES.map((one) => html`<option value=${one} .selected=${one === this.standing}>${t.states[one]}</option>`)}
        </select></label
      >
    </div>`;
  }

  #list(): TemplateResult {
    const t = texts().viewer.outbox;
    if (this.deliveries.length === 0) {
      return html`<p class="card empty muted">${t.none}</p>`;
    }
    return html`<ul class="card list" aria-label=${t.deliveries}>
        ${repeat(
          this.deliveries,
          (one) => one.id,
          (one) =>
            html`<li>
              <delivery-row
                .delivery=${one}
                ?admin=${this.admin}
                @wish=${(event: CustomEvent<DeliveryWish>) => this.#change(event.detail)}
              ></delivery-row>
            </li>`,
        )}
      </ul>
      ${this.more ? html`<button class="more" data-action="more" @click=${this.#showMore}>${t.more}</button>` : nothing}`;
  }

  #query(): URLSearchParams {
    const query = new URLSearchParams({ limit: String(this.#shown) });
    if (this.destination !== "") {
      query.set("destination", this.destination);
    }
    if (this.standing !== "") {
      query.set("state", this.standing);
    }
    return query;
  }

  /** A page that nobody sees asks for nothing. */
  async #lookAgain(): Promise<void> {
    if (document.hidden) {
      this.#timer = window.setTimeout(() => void this.#lookAgain(), LOOK_MS);
      return;
    }
    await this.refresh();
  }

  readonly #choose = (event: Event): void => {
    const { name, value } = event.target as HTMLSelectElement;
    if (name === "destination") {
      this.destination = value;
    } else {
      this.standing = value as DeliveryState | "";
    }
    this.#shown = PAGE;
    this.told = null;
    void this.refresh();
  };

  readonly #showMore = (): void => {
    this.#shown = Math.min(this.#shown + 2 * PAGE, MOST);
    void this.refresh();
  };

  async #change({ id, wish }: DeliveryWish): Promise<void> {
    await this.#do(async () => {
      await post<DeliveryInfo>(`/api/outbox/${id}/${wish}`, {});
      return () => texts().viewer.outbox[wish === "retry" ? "retried_one" : "parked_one"];
    });
  }

  async #retryParked(name: string): Promise<void> {
    await this.#do(async () => {
      const { retried } = await post<Retried>("/api/outbox/retry", { destination: name });
      return () => counted(texts().viewer.outbox.retried, retried, { name });
    });
  }

  /** Does what a button says, then shows what has become of it, or why it could not be done. */
  async #do(change: () => Promise<() => string>): Promise<void> {
    if (this.#busy) {
      return;
    }
    this.#busy = true;
    try {
      this.told = await change();
    } catch (error) {
      this.told = () => said(sentence(error));
    } finally {
      this.#busy = false;
    }
    await this.refresh();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "outbox-page": OutboxPageElement;
  }
}
