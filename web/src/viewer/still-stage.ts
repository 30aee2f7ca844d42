import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { drawLayers, greyValues, NEED_SKIN, prepareLayer, shownLayers, type StoredLayer } from "../overlay/stored";
import { texts } from "../shared/catalogue";
import { said } from "../shared/catalogue/operator";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import { pictureName } from "../shared/words";
import { shared } from "../styles/shared";
import type { Layer } from "../wire/protocol";
import type { StillInfo } from "../wire/server";
import { picture, sentence } from "./api";
import { stageStyles } from "./stage-styles";
import { ZoomableStage } from "./zoomable";

const WIDTH = 1600;

/** A stored picture with its layers: whole, or the face alone in full detail; either can be enlarged and dragged. */
@customElement("still-stage")
export class StillStage extends ZoomableStage {
  @property({ attribute: false }) still!: StillInfo;
  @property({ attribute: false }) view: OverlayView = DEFAULT_VIEW;
  /** Without buttons of its own. */
  @property({ type: Boolean }) bare = false;
  /** How wide the picture is fetched, px. */
  @property({ type: Number }) width = WIDTH;
  @state() private photo: ImageBitmap | null = null;
  @state() private layers: readonly StoredLayer[] = [];
  @state() private problem = "";
  @state() private close = false;
  @query("canvas") protected override readonly canvas!: HTMLCanvasElement | null;
  #loaded = "";
  readonly #asked = new Set<Layer>();

  static override styles = [
    shared,
    stageStyles,
    css`
      :host {
        position: relative;
        background: var(--stage);
        border-radius: var(--radius);
        overflow: hidden;
        height: min(68vh, 760px);
        min-height: 360px;
      }
      @media (max-width: 980px) {
        :host {
          height: auto;
          min-height: 0;
          max-height: 70vh;
          aspect-ratio: var(--aspect);
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts();
    const waiting = this.still.picture ? t.review.loading : t.viewer.visit.preparing;
    const text = this.problem !== "" ? said(this.problem) : this.photo === null ? waiting : "";
    const label = pictureName(this.still.view, this.still.light);
    return html`
      ${this.stage(label, html`<canvas role="img" aria-label=${label}></canvas>`)}
      ${text === "" ? nothing : html`<div class="status" role="status">${text}</div>`}
      ${this.bare
        ? nothing
        : html`<div class="tools" role="toolbar" aria-label=${t.viewer.zoom.part}>
            ${this.still.face === null
              ? nothing
              : html`<button data-action="close-up" aria-pressed=${this.close} @click=${this.#toggle}>${t.viewer.zoom.face}</button>`}
            ${this.zoomButtons()}
          </div>`}
    `;
  }

  #toggle(): void {
    this.close = !this.close;
    this.fit();
  }

  get #part(): string {
    return this.close && this.still.face !== null ? "&part=face" : "";
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.style.setProperty("--aspect", String(this.still.width / this.still.height));
    const key = `${this.still.sop_instance_uid} ${this.still.picture}${this.#part}`;
    if (key !== this.#loaded) {
      this.#loaded = key;
      this.photo?.close();
      this.photo = null;
      this.layers = [];
      this.problem = "";
      this.#asked.clear();
      if (this.still.picture) {
        void this.#loadPhoto(key);
      }
    }
    for (const layer of this.still.layers) {
      if (this.view.layers.has(layer) && !this.#asked.has(layer)) {
        this.#asked.add(layer);
        void this.#loadLayer(key, layer);
      }
    }
  }

  protected override updated(changed: PropertyValues): void {
    if (["photo", "layers", "view"].some((name) => changed.has(name))) {
      this.#draw();
    }
  }

  async #loadPhoto(key: string): Promise<void> {
    try {
      const photo = await picture(`/api/stills/${this.still.sop_instance_uid}/image?width=${this.width}${this.#part}`);
      if (key === this.#loaded) {
        this.photo = photo;
      } else {
        photo.close();
      }
    } catch (error) {
      this.#complain(key, error);
    }
  }

  async #loadLayer(key: string, layer: Layer): Promise<void> {
    try {
      const skin = NEED_SKIN.has(layer) && this.still.layers.includes("skin") ? (await this.#fetchLayer("skin")).values : null;
      const { values, width, height } = await this.#fetchLayer(layer);
      if (key === this.#loaded) {
        this.layers = [...this.layers, prepareLayer(layer, values, width, height, skin)];
      }
    } catch (error) {
      this.#complain(key, error);
    }
  }

  async #fetchLayer(layer: Layer): Promise<{ values: Uint8Array; width: number; height: number }> {
    const grey = await picture(`/api/stills/${this.still.sop_instance_uid}/layers/${layer}?width=${this.width}${this.#part}`);
    try {
      return { values: greyValues(grey), width: grey.width, height: grey.height };
    } finally {
      grey.close();
    }
  }

  /** Says what went wrong, if it is still about what is shown. */
  #complain(key: string, error: unknown): void {
    if (key === this.#loaded) {
      this.problem = sentence(error);
    }
  }

  #draw(): void {
    const { canvas, photo } = this;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) {
      return;
    }
    if (photo === null) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      delete canvas.dataset["shown"];
      return;
    }
    canvas.width = photo.width;
    canvas.height = photo.height;
    context.drawImage(photo, 0, 0);
    const layers = shownLayers(this.layers, this.view);
    drawLayers(context, layers, this.view);
    canvas.dataset["shown"] = this.still.sop_instance_uid;
    canvas.dataset["layers"] = layers.map((one) => one.layer).join(" ");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "still-stage": StillStage;
  }
}
