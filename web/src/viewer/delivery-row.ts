import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { counted, fill, Localised, texts } from "../shared/catalogue";
import { ago, dateTime, timeOfDay } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import "../shared/verdict-badge";
import { words } from "../shared/words";
import { shared } from "../styles/shared";
import type { Verdict } from "../wire/protocol";
import type { DeliveryInfo } from "../wire/server";

const DAY_S = 86_400;

/** What a person says about a delivery. */
export interface DeliveryWish {
  id: number;
  wish: "retry" | "park";
}

/** One object on its way to one destination: how far it is, why not further, and what to do; `wish` tells of a button. */
@customElement("delivery-row")
export class DeliveryRow extends Localised {
  @property({ attribute: false }) delivery!: DeliveryInfo;
  /** Whether who looks may change anything. */
  @property({ type: Boolean }) admin = false;

  static override styles = [
    shared,
    css`
      .row {
        display: grid;
        grid-template-columns: minmax(190px, 1.1fr) 140px minmax(0, 2.4fr) minmax(176px, auto);
        gap: 4px 20px;
        align-items: start;
        padding: 12px 20px;
      }
      .what {
        font-weight: 600;
      }
      /* A finger's width, without moving the lines apart. */
      .what a {
        display: inline-block;
        padding: 8px 0;
        margin: -8px 0;
        color: inherit;
        text-decoration-color: var(--line-strong);
        text-underline-offset: 3px;
      }
      .why {
        overflow-wrap: anywhere;
        display: grid;
        gap: 2px;
      }
      .actions {
        display: flex;
        gap: 8px;
        justify-content: flex-end;
      }
      button {
        padding: 0 14px;
      }
      @media (max-width: 900px) {
        .row {
          grid-template-columns: minmax(0, 1fr) auto auto;
        }
        .why {
          grid-column: 1 / -1;
          order: 1;
        }
      }
      @media (max-width: 600px) {
        .row {
          grid-template-columns: minmax(0, 1fr) auto;
          padding: 12px 16px;
        }
        .actions {
          grid-column: 1 / -1;
          justify-content: flex-start;
          order: 2;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { delivery } = this;
    const t = texts().viewer.outbox;
    return html`<div class="row" data-delivery=${delivery.id}>
      <div>
        <div class="what">
          <a
            href="#/visits/${delivery.study_instance_uid}"
            aria-label=${fill(t.visit_label, { what: kindName(delivery.kind) })}
            >${kindName(delivery.kind)}</a
          >
        </div>
        <div class="small muted">
          ${fill(t.to, { name: delivery.destination })} ·
          <span title=${dateTime(delivery.created_at)}>${fill(t.made, { ago: ago(delivery.created_at) })}</span>
        </div>
      </div>
      <div><verdict-badge waits .verdict=${verdictOn(delivery)} label=${t.states[delivery.state]}></verdict-badge></div>
      <div class="why">${this.#why()}</div>
      <div class="actions">${this.admin ? this.#actions() : nothing}</div>
    </div>`;
  }

  #why(): TemplateResult {
    const { reason, next_step, attempts, next_try_at } = this.delivery;
    const t = texts().viewer.outbox;
    const tries = [
      attempts === 0 ? "" : counted(t.tries, attempts),
      next_try_at === null ? "" : fill(t.next_try, { time: soon(next_try_at) }),
    ].filter((part) => part !== "");
    return html`${reason === "" ? nothing : html`<div data-reason>${said(reason)}</div>`}
    ${next_step === ""
      ? nothing
      : html`<div data-next-step><strong>${t.next_step}${texts().viewer.colon}</strong>${said(next_step)}</div>`}
    ${tries.length === 0 ? nothing : html`<div class="small muted">${tries.join(" · ")}</div>`}`;
  }

  #actions(): TemplateResult {
    const { state, reason, next_try_at } = this.delivery;
    const stuck = state === "parked" || reason !== "" || next_try_at !== null;
    return html`${stuck && state !== "committed" && state !== "sending" ? this.#button("retry") : nothing}
    ${state === "waiting" || state === "stored" ? this.#button("park") : nothing}`;
  }

  #button(wish: DeliveryWish["wish"]): TemplateResult {
    const t = texts().viewer.outbox;
    const { id, kind, destination } = this.delivery;
    const label = fill(wish === "retry" ? t.retry_label : t.park_label, { what: kindName(kind), name: destination });
    const tell = (): void => {
      this.dispatchEvent(new CustomEvent<DeliveryWish>("wish", { detail: { id, wish } }));
    };
    return html`<button data-action=${wish} aria-label=${label} @click=${tell}>${t[wish]}</button>`;
  }
}

function kindName(kind: string): string {
  return (texts().viewer.outbox.kinds as Readonly<Partial<Record<string, string>>>)[kind] ?? words(kind);
}

function verdictOn({ state, reason }: DeliveryInfo): Verdict {
  if (state === "parked") {
    return "fail";
  }
  return state === "committed" ? "pass" : reason === "" ? "unknown" : "warn";
}

function soon(at: number): string {
  return at - Date.now() / 1000 < DAY_S ? timeOfDay(at) : dateTime(at);
}

declare global {
  interface HTMLElementTagNameMap {
    "delivery-row": DeliveryRow;
  }
}
