import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { Fingers } from "../shared/fingers";
import { Zoom } from "../shared/zoom";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import { stillPicture } from "./calls";

const WIDTH = 1600;
const DETAIL_WIDTH = 1600;
const STEP = 1.5;
const SHIFT_PX = 60;
const DETAIL_AFTER_MS = 250;

/** One still, which can be enlarged and moved by touch, wheel and keyboard; enlarged, it is fetched in full detail. */
@customElement("zoom-picture")
export class ZoomPicture extends Localised {
  /** Place in the order of shooting. */
  @property({ attribute: false }) index = 0;
  /** Changes when the still is taken again. */
  @property({ attribute: false }) key = "";
  @property() label = "";
  @state() private status: "loading" | "shown" | "unavailable" = "loading";
  @state() private scale = 1;
  @query("canvas.whole") private readonly whole!: HTMLCanvasElement;
  @query("canvas.part") private readonly piece!: HTMLCanvasElement;
  @query(".moved") private readonly moved!: HTMLElement;
  readonly #zoom = new Zoom();
  readonly #fingers = new Fingers();
  #asking: AbortController | null = null;
  #detail: number | undefined;

  static override styles = [
    shared,
    kiosk,
    css`
      :host {
        position: relative;
        width: 100%;
        max-width: calc(68vh * var(--aspect, 1.5));
        justify-self: center;
      }
      .stage {
        position: relative;
        overflow: hidden;
        background: var(--stage);
        border-radius: var(--radius);
        touch-action: none;
        cursor: grab;
        aspect-ratio: var(--aspect, 1.5);
      }
      .stage:focus-visible {
        outline: 3px solid var(--accent);
        outline-offset: 3px;
      }
      .moved {
        position: absolute;
        inset: 0;
        transform-origin: 0 0;
      }
      canvas {
        position: absolute;
        display: block;
      }
      .whole {
        inset: 0;
        width: 100%;
        height: 100%;
      }
      .status {
        position: absolute;
        inset: 0;
        display: grid;
        place-content: center;
        color: var(--on-stage);
      }
      .tools {
        position: absolute;
        right: 12px;
        bottom: 12px;
        display: flex;
        gap: 8px;
      }
      .tools button {
        min-width: 52px;
        min-height: 52px;
        padding: 0 14px;
        font-size: 1.25rem;
        background: rgb(6 10 13 / 82%);
        border-color: rgb(255 255 255 / 55%);
        color: #e8ecef;
      }
      .tools .fit {
        font-size: 1rem;
      }
      .tools button:hover:not(:disabled) {
        background: rgb(40 48 54 / 94%);
      }
      .tools button:disabled {
        color: rgb(255 255 255 / 55%);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#detail);
    this.#asking?.abort();
    this.whole.width = 1;
    this.piece.width = 1;
  }

  override render(): TemplateResult {
    const t = texts().review;
    return html`<div
        class="stage"
        role="group"
        tabindex="0"
        aria-label="${this.label}. ${t.zoom}"
        aria-describedby="help"
        @pointerdown=${this.#grasp}
        @pointermove=${this.#drag}
        @pointerup=${this.#release}
        @pointercancel=${this.#release}
        @wheel=${this.#wheel}
        @keydown=${this.#key}
      >
        <div class="moved"><canvas class="whole" width="1" height="1"></canvas><canvas class="part" width="1" height="1" hidden></canvas></div>
        ${this.status === "shown"
          ? nothing
          : html`<div class="status" role="status">${this.key === "" ? t.missing : this.status === "loading" ? t.loading : t.unavailable}</div>`}
      </div>
      <p id="help" class="visually-hidden">${t.zoom_help}</p>
      <div class="tools">
        <button class="fit" data-action="fit" ?disabled=${this.scale <= 1} @click=${() => this.#fit()}>${t.whole}</button>
        <button aria-label=${t.smaller} data-action="smaller" ?disabled=${this.scale <= 1} @click=${() => this.#by(1 / STEP)}>−</button>
        <button aria-label=${t.larger} data-action="larger" ?disabled=${this.scale >= 8} @click=${() => this.#by(STEP)}>+</button>
      </div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("index") || changed.has("key")) {
      void this.#load();
    }
  }

  get #stage(): DOMRect {
    return this.moved.parentElement?.getBoundingClientRect() ?? new DOMRect();
  }

  async #load(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.status = "loading";
    delete this.whole.dataset["shown"];
    const picture = this.key === "" ? null : await stillPicture(this.index, WIDTH, undefined, asking.signal);
    if (asking.signal.aborted) {
      picture?.close();
      return;
    }
    this.status = picture === null ? "unavailable" : "shown";
    this.whole.width = picture?.width ?? 1;
    this.whole.height = picture?.height ?? 1;
    this.#fit();
    if (picture !== null) {
      this.style.setProperty("--aspect", String(picture.width / picture.height));
      this.whole.getContext("2d")?.drawImage(picture, 0, 0);
      this.whole.dataset["shown"] = this.key;
      picture.close();
    }
  }

  #fit(): void {
    this.#zoom.fit();
    this.#show();
  }

  #by(factor: number, x?: number, y?: number): void {
    const { width, height } = this.#stage;
    this.#zoom.by(factor, x ?? width / 2, y ?? height / 2, width, height);
    this.#show();
  }

  #move(dx: number, dy: number): void {
    const { width, height } = this.#stage;
    this.#zoom.move(dx, dy, width, height);
    this.#show();
  }

  #show(): void {
    this.scale = this.#zoom.scale;
    this.moved.style.transform = this.#zoom.transform;
    this.dataset["scale"] = this.scale.toFixed(2);
    window.clearTimeout(this.#detail);
    this.piece.hidden = true;
    if (this.scale > 1 && this.status === "shown") {
      this.#detail = window.setTimeout(() => void this.#loadDetail(), DETAIL_AFTER_MS);
    }
  }

  /** The part that is seen, in the still's own pixels. */
  async #loadDetail(): Promise<void> {
    const { width, height } = this.#stage;
    const { x, y } = this.#zoom.place;
    const piece = { x: -x / (width * this.scale), y: -y / (height * this.scale), size: 1 / this.scale };
    const signal = this.#asking?.signal;
    const at = this.#zoom.transform;
    const picture = await stillPicture(this.index, DETAIL_WIDTH, piece, signal);
    if (picture === null || signal?.aborted === true || at !== this.#zoom.transform) {
      picture?.close();
      return;
    }
    this.piece.width = picture.width;
    this.piece.height = picture.height;
    this.piece.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
    const percent = (share: number): string => `${100 * share}%`;
    Object.assign(this.piece.style, {
      left: percent(piece.x),
      top: percent(piece.y),
      width: percent(piece.size),
      height: percent(piece.size),
    });
    this.piece.hidden = false;
  }

  #grasp(event: PointerEvent): void {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#fingers.press(event);
  }

  #drag(event: PointerEvent): void {
    const grip = this.#fingers.move(event);
    if (grip !== null) {
      const stage = this.#stage;
      this.#by(grip.factor, grip.x - stage.left, grip.y - stage.top);
      this.#move(grip.dx, grip.dy);
    }
  }

  #release(event: PointerEvent): void {
    this.#fingers.release(event);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const stage = this.#stage;
    this.#by(Math.exp(-event.deltaY / 400), event.clientX - stage.left, event.clientY - stage.top);
  }

  #key(event: KeyboardEvent): void {
    const moves: Record<string, () => void> = {
      "+": () => this.#by(STEP),
      "=": () => this.#by(STEP),
      "-": () => this.#by(1 / STEP),
      "0": () => this.#fit(),
      ArrowLeft: () => this.#move(SHIFT_PX, 0),
      ArrowRight: () => this.#move(-SHIFT_PX, 0),
      ArrowUp: () => this.#move(0, SHIFT_PX),
      ArrowDown: () => this.#move(0, -SHIFT_PX),
    };
    const move = moves[event.key];
    if (move !== undefined && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      move();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "zoom-picture": ZoomPicture;
  }
}
