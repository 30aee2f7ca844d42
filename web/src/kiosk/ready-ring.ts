import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { number } from "../shared/catalogue/format";
import { shared } from "../styles/shared";

const RADIUS = 42;
const ROUND = 2 * Math.PI * RADIUS;

/** A ring that closes while the automatic shot comes nearer. */
@customElement("ready-ring")
export class ReadyRing extends Localised {
  /** Seconds until the shot, as the booth last told. */
  @property({ attribute: false }) seconds = 0;
  @state() private left = 0;
  #whole = 0;
  #endsAt = 0;
  #frame = 0;

  static override styles = [
    shared,
    css`
      :host {
        width: 108px;
        height: 108px;
        color: #fff;
        background: rgb(6 10 13 / 72%);
        border-radius: 50%;
      }
      svg {
        width: 100%;
        height: 100%;
      }
      circle {
        fill: none;
        stroke-width: 9;
        stroke: rgb(255 255 255 / 25%);
      }
      .closing {
        stroke: #5fe39f;
        stroke-linecap: round;
        transform: rotate(-90deg);
        transform-origin: 50% 50%;
      }
      text {
        fill: currentColor;
        font-size: 30px;
        font-weight: 700;
        text-anchor: middle;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#frame);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("seconds")) {
      this.#whole = Math.max(this.#whole, this.seconds);
      this.#endsAt = performance.now() + 1000 * this.seconds;
      cancelAnimationFrame(this.#frame);
      this.#beat();
    }
  }

  override render(): TemplateResult {
    const done = this.#whole === 0 ? 1 : 1 - this.left / this.#whole;
    const shown = this.left > 0.95 ? number(Math.ceil(this.left)) : number(Math.ceil(this.left * 10) / 10);
    return html`<svg viewBox="0 0 100 100" role="img" aria-label=${fill(texts().framing.shoots_in, { n: number(Math.ceil(this.seconds)) })}>
      <circle cx="50" cy="50" r=${RADIUS} />
      <circle class="closing" cx="50" cy="50" r=${RADIUS} stroke-dasharray="${done * ROUND} ${ROUND}" />
      <text x="50" y="61">${shown}</text>
    </svg>`;
  }

  readonly #beat = (): void => {
    this.left = Math.max(0, (this.#endsAt - performance.now()) / 1000);
    if (this.left > 0) {
      this.#frame = requestAnimationFrame(this.#beat);
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "ready-ring": ReadyRing;
  }
}
