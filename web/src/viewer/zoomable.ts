import { css, html, LitElement, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { Zoom } from "../shared/zoom";

const STEP = 1.5;
const LARGEST = 8;

/** Buttons that lie on a picture. */
export const stageTools = css`
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
  .tools [aria-pressed="true"] {
    background: var(--on-stage);
    color: var(--stage);
  }
  canvas {
    transform-origin: 0 0;
    touch-action: pan-y;
  }
  canvas.large {
    cursor: grab;
    touch-action: none;
  }
`;

/** A stage whose canvas can be enlarged, and dragged then. */
export abstract class ZoomableStage extends LitElement {
  @state() protected scale = 1;
  readonly #zoom = new Zoom();

  protected abstract readonly canvas: HTMLCanvasElement | null;

  protected zoomButtons(): TemplateResult {
    return html`<button aria-label="Smaller" data-action="smaller" ?disabled=${this.scale <= 1} @click=${() => this.#enlarge(1 / STEP)}>
        −
      </button>
      <button aria-label="Larger" data-action="larger" ?disabled=${this.scale >= LARGEST} @click=${() => this.#enlarge(STEP)}>+</button>`;
  }

  protected fit(): void {
    this.#zoom.fit();
    this.#place();
  }

  protected readonly grasp = (event: PointerEvent): void => {
    if (this.scale > 1) {
      (event.target as HTMLElement).setPointerCapture(event.pointerId);
    }
  };

  protected readonly drag = (event: PointerEvent): void => {
    if ((event.target as HTMLElement).hasPointerCapture(event.pointerId)) {
      this.#zoom.move(event.movementX, event.movementY, this.clientWidth, this.clientHeight);
      this.#place();
    }
  };

  /** With Ctrl, which is what a pinch on a touchpad sends: a plain wheel scrolls the page. */
  protected readonly wheel = (event: WheelEvent): void => {
    if (event.ctrlKey) {
      event.preventDefault();
      const stage = this.getBoundingClientRect();
      this.#enlarge(Math.exp(-event.deltaY / 200), event.clientX - stage.left, event.clientY - stage.top);
    }
  };

  #enlarge(factor: number, x = this.clientWidth / 2, y = this.clientHeight / 2): void {
    this.#zoom.by(factor, x, y, this.clientWidth, this.clientHeight);
    this.#place();
  }

  #place(): void {
    this.scale = this.#zoom.scale;
    if (this.canvas !== null) {
      this.canvas.style.transform = this.#zoom.transform;
    }
  }
}
