import { css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { counted, fill, Localised, texts } from "../shared/catalogue";
import { stopwatch } from "../shared/catalogue/format";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";

const USUAL_MIN = 10;
const LONGEST_MIN = 1440;

/** Minutes that the subject has rested: entered, or counted down here. */
@customElement("rest-timer")
export class RestTimer extends Localised {
  /** Minutes; null: not told. */
  @property({ attribute: false }) minutes: number | null = null;
  @state() private endsAt: number | null = null;
  @state() private now = 0;
  #tick: number | undefined;

  static override styles = [
    shared,
    kiosk,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 10px;
        align-items: end;
      }
      .row label {
        width: 5.5rem;
      }
      .step {
        width: 48px;
        padding: 0;
        font-size: 1.375rem;
      }
      .clock {
        font-size: 2rem;
        font-weight: 650;
        font-variant-numeric: tabular-nums;
        min-width: 5ch;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.#tick);
  }

  override render(): TemplateResult {
    const t = texts().preparation;
    return html`${this.endsAt === null ? this.#entry() : this.#clock(this.endsAt)}
      <p class="visually-hidden" role="status">
        ${this.minutes === null || this.endsAt !== null ? "" : counted(t.rested, this.minutes)}
      </p>`;
  }

  /** Minutes rested until now, a countdown under way included; null: not told. */
  rested(): number | null {
    return this.endsAt === null ? this.minutes : (this.minutes ?? 0) + countedDown(this.endsAt);
  }

  #entry(): TemplateResult {
    const t = texts().preparation;
    return html`<div class="row">
      <button type="button" class="step" aria-label=${t.less} @click=${() => this.#set((this.minutes ?? 0) - 1)}>−</button>
      <label
        >${t.minutes}<input
          name="acclimatised"
          inputmode="numeric"
          autocomplete="off"
          .value=${this.minutes === null ? "" : String(this.minutes)}
          @change=${this.#typed}
      /></label>
      <button type="button" class="step" aria-label=${t.more} @click=${() => this.#set((this.minutes ?? 0) + 1)}>+</button>
      <button type="button" data-action="count" @click=${this.#count}>${fill(t.count, { n: USUAL_MIN })}</button>
    </div>`;
  }

  #clock(endsAt: number): TemplateResult {
    const t = texts().preparation;
    return html`<div class="row">
      <div role="timer" aria-label=${t.counting} class="clock">${stopwatch((endsAt - this.now) / 1000)}</div>
      <button type="button" data-action="stop-count" @click=${this.#end}>${t.stop}</button>
    </div>`;
  }

  #typed(event: Event): void {
    const field = event.target as HTMLInputElement;
    const value = Number(field.value.replace(",", "."));
    this.#set(field.value.trim() === "" || !Number.isFinite(value) ? null : value);
    field.value = this.minutes === null ? "" : String(this.minutes);
  }

  #count(): void {
    this.now = Date.now();
    this.endsAt = this.now + USUAL_MIN * 60_000;
    this.#tick = window.setInterval(() => this.#beat(), 250);
    void this.#focus("stop-count");
  }

  /** The button in the place of the one that was pressed. */
  async #focus(action: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`[data-action="${action}"]`)?.focus();
  }

  #beat(): void {
    this.now = Date.now();
    if (this.endsAt !== null && this.now >= this.endsAt) {
      this.#stop();
    }
  }

  #end(): void {
    this.#stop();
    void this.#focus("count");
  }

  /** What has been rested so far counts. */
  #stop(): void {
    window.clearInterval(this.#tick);
    const rested = this.rested();
    this.endsAt = null;
    this.#set(rested);
  }

  #set(minutes: number | null): void {
    this.minutes = minutes === null ? null : Math.min(LONGEST_MIN, Math.max(0, minutes));
  }
}

/** Whole minutes of a countdown that have passed. */
function countedDown(endsAt: number): number {
  const left = Math.max(0, endsAt - Date.now());
  return Math.floor((USUAL_MIN * 60_000 - left) / 60_000);
}

declare global {
  interface HTMLElementTagNameMap {
    "rest-timer": RestTimer;
  }
}
