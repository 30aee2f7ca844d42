import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { drawOverlay, type OverlayView } from "../overlay/renderer";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import { cameraIcon } from "../shared/icons";
import { shared } from "../styles/shared";
import type { LivePicture } from "./feed";

/** Picture and overlay on one canvas, always of the same frame. */
@customElement("live-picture")
export class LivePictureElement extends LitElement {
  @property({ attribute: false }) picture: LivePicture | null = null;
  @property({ attribute: false }) view: OverlayView = DEFAULT_VIEW;
  /** Said over the picture; empty: nothing. */
  @property() banner = "";
  /** Said while there is no picture. */
  @property() waiting = "Waiting for the camera…";

  @query("canvas") private readonly canvas!: HTMLCanvasElement;

  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        background: var(--stage);
        border-radius: var(--radius);
        overflow: hidden;
        aspect-ratio: 16 / 9;
      }
      canvas {
        display: block;
        width: 100%;
        height: 100%;
        object-fit: contain;
      }
      .over {
        position: absolute;
        color: var(--on-stage);
      }
      .empty {
        inset: 0;
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 10px;
        opacity: 0.8;
      }
      .banner {
        left: 50%;
        bottom: 20px;
        transform: translateX(-50%);
        background: rgb(6 10 13 / 82%);
        border-radius: 999px;
        padding: 10px 20px;
        font-weight: 600;
        font-size: 1.0625rem;
        white-space: nowrap;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`
      <canvas width="960" height="540" role="img" aria-label="Live picture with overlay"></canvas>
      ${this.picture === null ? html`<div class="over empty">${cameraIcon()}<span>${this.waiting}</span></div>` : nothing}
      ${this.banner === "" ? nothing : html`<div class="over banner" role="status">${this.banner}</div>`}
    `;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if ((changed.has("picture") || changed.has("view")) && this.picture !== null) {
      this.#draw(this.picture);
    } else if (changed.has("picture") && this.picture === null) {
      this.#clear();
    }
    if (changed.has("picture") && changed.get("picture") !== this.picture) {
      changed.get("picture")?.picture.close();
    }
  }

  #clear(): void {
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
    delete this.canvas.dataset["frame"];
    delete this.canvas.dataset["overlay"];
  }

  #draw(shown: LivePicture): void {
    const context = this.canvas.getContext("2d");
    if (context === null) {
      return;
    }
    const { width, height } = shown.picture;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    context.drawImage(shown.picture, 0, 0);
    if (shown.overlay !== null) {
      drawOverlay(context, shown.overlay, this.view);
    }
    this.canvas.dataset["frame"] = String(shown.header.frame_id);
    this.canvas.dataset["overlay"] = String(shown.overlay !== null);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "live-picture": LivePictureElement;
  }
}
