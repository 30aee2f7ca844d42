import { html, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { Fingers } from "../shared/fingers";
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

/** A stage whose canvas can be enlarged and moved: by buttons, keys, fingers, or the wheel with Ctrl. */
export abstract class ZoomableStage extends Localised {
  /** Shared by stages that show the same part. */
  @property({ attribute: false }) link = new ZoomLink();
  @state() protected scale = 1;
  readonly #fingers = new Fingers();

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
    this.#fingers.press(event);
    if (this.scale > 1) {
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    }
  };

  readonly #drag = (event: PointerEvent): void => {
    const grip = this.#fingers.move(event);
    if (grip !== null) {
      const stage = this.getBoundingClientRect();
      this.#enlarge(grip.factor, grip.x - stage.left, grip.y - stage.top);
      this.#move(grip.dx, grip.dy);
    }
  };

  readonly #release = (event: PointerEvent): void => {
    this.#fingers.release(event);
  };

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
