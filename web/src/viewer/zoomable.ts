import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { Zoom } from "../shared/zoom";

const STEP = 1.5;
const LARGEST = 8;
const SHIFT_PX = 60;

/** What part stages show; stages of one size that share it show the same part. */
export class ZoomLink extends EventTarget {
  readonly zoom = new Zoom();

  moved(): void {
    this.dispatchEvent(new Event("moved"));
  }
}

/** Buttons that lie on a picture. */
export const stageTools = css`
  .stage {
    position: relative;
    width: 100%;
    height: 100%;
    overflow: hidden;
    touch-action: pan-y;
  }
  .stage:focus-visible {
    outline: 3px solid var(--on-stage);
    outline-offset: -5px;
  }
  .stage.large {
    cursor: grab;
    touch-action: none;
  }
  .tools {
    position: absolute;
    right: 12px;
    bottom: 12px;
    display: flex;
    gap: 6px;
  }
  .tools button {
    min-width: 44px;
    padding: 0 12px;
    background: rgb(6 10 13 / 78%);
    border-color: rgb(255 255 255 / 45%);
    color: var(--on-stage);
  }
  .tools button:hover:not(:disabled) {
    background: rgb(40 48 54 / 92%);
  }
  .tools button:disabled {
    color: rgb(255 255 255 / 45%);
  }
  .tools button:focus-visible {
    outline-color: var(--on-stage);
  }
  .tools [aria-pressed="true"] {
    background: var(--on-stage);
    color: var(--stage);
  }
  .tools [aria-pressed="true"]:hover:not(:disabled) {
    background: #fff;
  }
  canvas {
    transform-origin: 0 0;
  }
`;

/** A stage whose canvas can be enlarged and moved: by buttons, keys, fingers, or the wheel with Ctrl. */
export abstract class ZoomableStage extends Localised {
  /** Shared by stages that show the same part. */
  @property({ attribute: false }) link = new ZoomLink();
  @state() protected scale = 1;
  readonly #fingers = new Map<number, { x: number; y: number }>();

  protected abstract readonly canvas: HTMLCanvasElement | null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.link.addEventListener("moved", this.#place);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.link.removeEventListener("moved", this.#place);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("link")) {
      (changed.get("link") as ZoomLink | undefined)?.removeEventListener("moved", this.#place);
      this.link.addEventListener("moved", this.#place);
    }
  }

  /** What can be enlarged, with its name. */
  protected stage(label: string, content: TemplateResult): TemplateResult {
    return html`<div
        class="stage ${this.scale > 1 ? "large" : ""}"
        role="group"
        tabindex="0"
        aria-label=${label}
        aria-describedby="zoom-help"
        @pointerdown=${this.#grasp}
        @pointermove=${this.#drag}
        @pointerup=${this.#release}
        @pointercancel=${this.#release}
        @wheel=${this.#wheel}
        @keydown=${this.#key}
      >
        ${content}
      </div>
      <p id="zoom-help" class="visually-hidden">${texts().viewer.zoom.help}</p>`;
  }

  protected zoomButtons(): TemplateResult {
    const t = texts().viewer.zoom;
    return html`<button aria-label=${t.smaller} data-action="smaller" ?disabled=${this.scale <= 1} @click=${() => this.#enlarge(1 / STEP)}>
        −
      </button>
      <button aria-label=${t.larger} data-action="larger" ?disabled=${this.scale >= LARGEST} @click=${() => this.#enlarge(STEP)}>+</button>`;
  }

  protected fit(): void {
    this.link.zoom.fit();
    this.link.moved();
  }

  readonly #grasp = (event: PointerEvent): void => {
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.scale > 1) {
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    }
  };

  /** One finger moves what is enlarged, two enlarge and move. */
  readonly #drag = (event: PointerEvent): void => {
    if (!this.#fingers.has(event.pointerId)) {
      return;
    }
    const before = this.#grip();
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = this.#grip();
    const stage = this.getBoundingClientRect();
    if (before.span > 0 && after.span > 0) {
      this.#enlarge(after.span / before.span, after.x - stage.left, after.y - stage.top);
    }
    this.#move(after.x - before.x, after.y - before.y);
  };

  readonly #release = (event: PointerEvent): void => {
    this.#fingers.delete(event.pointerId);
  };

  /** Middle of the fingers, and how far the first two are apart. */
  #grip(): { x: number; y: number; span: number } {
    const [one, other] = [...this.#fingers.values()];
    if (one === undefined || other === undefined) {
      return { x: one?.x ?? 0, y: one?.y ?? 0, span: 0 };
    }
    return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, span: Math.hypot(one.x - other.x, one.y - other.y) };
  }

  /** With Ctrl, which is what a pinch on a touchpad sends: a plain wheel scrolls the page. */
  readonly #wheel = (event: WheelEvent): void => {
    if (event.ctrlKey) {
      event.preventDefault();
      const stage = this.getBoundingClientRect();
      this.#enlarge(Math.exp(-event.deltaY / 200), event.clientX - stage.left, event.clientY - stage.top);
    }
  };

  readonly #key = (event: KeyboardEvent): void => {
    const moves: Record<string, () => void> = {
      "+": () => this.#enlarge(STEP),
      "=": () => this.#enlarge(STEP),
      "-": () => this.#enlarge(1 / STEP),
      "0": () => this.fit(),
      ArrowLeft: () => this.#move(SHIFT_PX, 0),
      ArrowRight: () => this.#move(-SHIFT_PX, 0),
      ArrowUp: () => this.#move(0, SHIFT_PX),
      ArrowDown: () => this.#move(0, -SHIFT_PX),
    };
    const move = moves[event.key];
    const scrolls = event.key.startsWith("Arrow") && this.scale <= 1;
    if (move !== undefined && !scrolls && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      move();
    }
  };

  #enlarge(factor: number, x = this.clientWidth / 2, y = this.clientHeight / 2): void {
    this.link.zoom.by(factor, x, y, this.clientWidth, this.clientHeight);
    this.link.moved();
  }

  #move(dx: number, dy: number): void {
    this.link.zoom.move(dx, dy, this.clientWidth, this.clientHeight);
    this.link.moved();
  }

  readonly #place = (): void => {
    this.scale = this.link.zoom.scale;
    if (this.canvas !== null) {
      this.canvas.style.transform = this.link.zoom.transform;
    }
  };
}
