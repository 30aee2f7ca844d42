import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { counted, fill, Localised, texts } from "../shared/catalogue";
import { ago, number } from "../shared/catalogue/format";
import "../shared/verdict-badge";
import { shared } from "../styles/shared";
import type { Verdict } from "../wire/protocol";
import type { DeliveryState, DestinationInfo } from "../wire/server";

const STATES: readonly DeliveryState[] = ["waiting", "sending", "stored", "committed", "parked"];

/** A destination in numbers; `retry-parked` asks to try what is parked there. */
@customElement("destination-card")
export class DestinationCard extends Localised {
  @property({ attribute: false }) destination!: DestinationInfo;
  /** Whether who looks may change anything. */
  @property({ type: Boolean }) admin = false;

  static override styles = [
    shared,
    css`
      .card {
        height: 100%;
        display: grid;
        gap: 12px;
        align-content: start;
      }
      .line {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
        min-width: 0;
      }
      h3 {
        font-size: 1.0625rem;
        font-weight: 650;
        overflow-wrap: anywhere;
      }
      dl {
        margin: 0;
        display: grid;
        gap: 2px;
      }
      dl > div {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 12px;
        padding: 3px 0;
        border-bottom: 1px solid var(--line);
      }
      dl > div:last-child {
        border: 0;
      }
      dt .small {
        margin-left: 4px;
      }
      dd {
        margin: 0;
        font-weight: 600;
        text-align: right;
      }
      .none {
        color: var(--muted);
        font-weight: 400;
      }
      button {
        justify-self: start;
      }
    `,
  ];

  override render(): TemplateResult {
    const { destination, admin } = this;
    const t = texts().viewer.outbox;
    const { parked } = destination.deliveries;
    const verdict = verdictOn(destination);
    return html`<section class="card" data-destination=${destination.name} aria-label=${destination.name}>
      <div class="line">
        <h3>${destination.name}</h3>
        <verdict-badge waits .verdict=${verdict} label=${t[STANDING[verdict]]}></verdict-badge>
      </div>
      <p class="small muted" data-last>
        ${destination.last_success_at === null ? t.never : fill(t.last_success, { ago: ago(destination.last_success_at) })}
      </p>
      ${destination.configured ? nothing : html`<p class="small">${t.not_configured}</p>`}
      <dl>${STATES.map((state) => row(state, destination.deliveries[state]))}</dl>
      ${admin && parked > 0
        ? html`<button data-action="retry-parked" @click=${this.#retry}>
            ${counted(t.retry_parked, parked)}
          </button>`
        : nothing}
    </section>`;
  }

  readonly #retry = (): void => {
    this.dispatchEvent(new CustomEvent<string>("retry-parked", { detail: this.destination.name }));
  };
}

const STANDING = { pass: "well", warn: "attention", fail: "attention", unknown: "under_way" } as const;

function verdictOn({ configured, deliveries }: DestinationInfo): Verdict {
  if (deliveries.parked > 0) {
    return "fail";
  }
  const left = deliveries.waiting + deliveries.sending + deliveries.stored;
  return left === 0 ? "pass" : configured ? "unknown" : "warn";
}

function row(state: DeliveryState, count: number): TemplateResult {
  const t = texts().viewer.outbox;
  return html`<div data-state=${state}>
    <dt>${t.states[state]} <span class="small muted">${t.meanings[state]}</span></dt>
    <dd class="tabular ${count === 0 ? "none" : ""}">${number(count)}</dd>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "destination-card": DestinationCard;
  }
}
