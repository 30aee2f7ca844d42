import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { drawOverlay, type OverlayView } from "../overlay/renderer";
import { Localised, texts } from "../shared/catalogue";
import { cameraIcon } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import { shared } from "../styles/shared";
import type { Guide } from "../wire/booth";
import { faceGuide } from "./face-guide";
import type { LivePicture } from "./feed";
import type { Pictures } from "./pictures";

/** Picture and overlay on one canvas, always of the same frame; over it the guide and the ghost of the last visit. */
@customElement("live-picture")
export class LivePictureElement extends Localised {
  @property({ attribute: false }) pictures!: Pictures;
  @property({ attribute: false }) view: OverlayView = DEFAULT_VIEW;
  /** Where the face should be; null: nothing is drawn. */
  @property({ attribute: false }) guide: Guide | null = null;
  /** Whether the face is where it should be. */
  @property({ type: Boolean }) good = false;
  /** Lines of an earlier picture; null: none. */
  @property({ attribute: false }) ghost: ImageBitmap | null = null;
  /** 0 to 1. */
  @property({ attribute: false }) ghostStrength = 0.6;
  @state() private aspect = 16 / 9;
  @state() private empty = true;
  @query("canvas.live") private readonly canvas!: HTMLCanvasElement | null;
  @query("canvas.ghost") private readonly ghostCanvas!: HTMLCanvasElement | null;
  #unwatch: (() => void) | null = null;

  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        background: var(--stage);
        border-radius: var(--radius);
        overflow: hidden;
      }
      canvas,
      .guide {
        display: block;
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
      }
      .guide {
        fill: none;
        stroke: #fff;
        stroke-linecap: round;
        filter: drop-shadow(0 0 1.5px rgb(0 0 0 / 80%));
      }
      .guide.good {
        stroke: #5fe39f;
      }
      .empty {
        position: absolute;
        inset: 0;
        color: var(--on-stage);
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 10px;
      }
      ::slotted(*) {
        position: absolute;
        right: 20px;
        bottom: 20px;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch?.();
    this.#unwatch = null;
  }

  override render(): TemplateResult {
    this.style.aspectRatio = String(this.aspect);
    return html`
      <canvas class="live" width="960" height="540" role="img" aria-label=${texts().framing.region}></canvas>
      <canvas class="ghost" aria-hidden="true"></canvas>
      ${this.guide === null
        ? nothing
        : html`<svg class="guide ${this.good ? "good" : ""}" viewBox="0 0 ${100 * this.aspect} 100" aria-hidden="true">
            ${faceGuide(this.guide, this.aspect)}
          </svg>`}
      ${this.empty ? html`<div class="empty">${svg`${cameraIcon()}`}<span>${texts().shell.no_picture}</span></div>` : nothing}
      <slot></slot>
    `;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("pictures") || this.#unwatch === null) {
      this.#unwatch?.();
      this.#unwatch = this.pictures.watch((picture) => this.#show(picture));
      this.#show(this.pictures.newest);
    } else if (changed.has("view")) {
      this.#show(this.pictures.newest);
    }
    if (changed.has("ghost")) {
      this.#drawGhost();
    }
    this.ghostCanvas?.style.setProperty("opacity", String(this.ghostStrength));
  }

  #show(shown: LivePicture | null): void {
    this.empty = shown === null;
    const canvas = this.canvas;
    const context = canvas?.getContext("2d");
    if (canvas === null || context === null || context === undefined) {
      return;
    }
    if (shown === null) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      delete canvas.dataset["frame"];
      delete canvas.dataset["overlay"];
      return;
    }
    const { width, height } = shown.picture;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.aspect = width / height;
    context.drawImage(shown.picture, 0, 0);
    if (shown.overlay !== null) {
      drawOverlay(context, shown.overlay, this.view);
    }
    canvas.dataset["frame"] = String(shown.header.frame_id);
    canvas.dataset["overlay"] = String(shown.overlay !== null);
  }

  #drawGhost(): void {
    const canvas = this.ghostCanvas;
    if (canvas === null) {
      return;
    }
    canvas.width = this.ghost?.width ?? 1;
    canvas.height = this.ghost?.height ?? 1;
    canvas.dataset["shown"] = String(this.ghost !== null);
    if (this.ghost !== null) {
      canvas.getContext("2d")?.drawImage(this.ghost, 0, 0);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "live-picture": LivePictureElement;
  }
}
