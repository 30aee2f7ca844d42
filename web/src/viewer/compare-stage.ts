import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { fill, texts } from "../shared/catalogue";
import { date, number } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { shared } from "../styles/shared";
import type { StillAlignment } from "../wire/server";
import { picture, sentence } from "./api";
import { stageStyles } from "./stage-styles";
import { ZoomableStage } from "./zoomable";

const WIDTH = 1600;

/** A picture of the pair. */
export interface Side {
  uid: string;
  at: number;
  /** Of the still, px. */
  width: number;
}

/** An earlier picture laid over a later one, with a boundary between them that is moved. */
@customElement("compare-stage")
export class CompareStage extends ZoomableStage {
  @property({ attribute: false }) earlier!: Side;
  @property({ attribute: false }) later!: Side;
  @property({ attribute: false }) alignment!: StillAlignment;
  /** Where the boundary is, % of the picture's width from the left. */
  @state() private boundary = 50;
  @state() private photos: readonly [ImageBitmap, ImageBitmap] | null = null;
  @state() private problem = "";
  @query("canvas") protected override readonly canvas!: HTMLCanvasElement | null;
  #loaded = "";

  static override styles = [
    shared,
    stageStyles,
    css`
      .picture {
        position: relative;
        background: var(--stage);
        border-radius: var(--radius) var(--radius) 0 0;
        overflow: hidden;
        height: min(54vh, 680px);
        min-height: 340px;
      }
      .after {
        left: auto;
        right: 10px;
      }
      .slider {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 14px;
        align-items: center;
        padding: 4px 16px;
        background: var(--surface);
        border: 1px solid var(--line);
        border-top: 0;
        border-radius: 0 0 var(--radius) var(--radius);
        font-size: 0.875rem;
        font-weight: 600;
      }
      input[type="range"] {
        min-width: 0;
        padding: 0;
        border: 0;
        background: none;
        accent-color: var(--accent);
      }
      @media (max-width: 980px) {
        .picture {
          height: auto;
          min-height: 0;
          max-height: 70vh;
          aspect-ratio: var(--aspect, 1.5);
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { review, viewer } = texts();
    const t = viewer.compare;
    const text = this.problem !== "" ? said(this.problem) : this.photos === null ? review.loading : "";
    const label = `${t.before} ${date(this.earlier.at)}, ${t.after} ${date(this.later.at)}`;
    return html`<div class="picture" @pointerdown=${this.#pull} @pointermove=${this.#pull}>
        ${this.stage(label, html`<canvas role="img" aria-label=${label}></canvas>`)}
        ${text === "" ? nothing : html`<div class="status" role="status">${text}</div>`}
        <span class="tag">${t.before} · ${date(this.earlier.at)}</span>
        <span class="tag after">${t.after} · ${date(this.later.at)}</span>
        <div class="tools" role="toolbar" aria-label=${viewer.zoom.part}>${this.zoomButtons()}</div>
      </div>
      <div class="slider">
        <span aria-hidden="true">${t.before}</span>
        <input
          type="range"
          min="0"
          max="100"
          aria-label=${t.slider}
          aria-valuetext=${fill(t.share, { n: number(this.boundary) })}
          .value=${String(this.boundary)}
          @input=${(event: Event) => (this.boundary = Number((event.target as HTMLInputElement).value))}
        />
        <span aria-hidden="true">${t.after}</span>
      </div>`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#forget();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const key = `${this.earlier.uid} ${this.later.uid}`;
    if (key !== this.#loaded) {
      this.#forget();
      this.#loaded = key;
      void this.#load(key);
    }
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.#draw();
  }

  /** The boundary follows a finger or a pressed mouse, unless the picture is enlarged: then that is moved. */
  #pull(event: PointerEvent): void {
    const { canvas } = this;
    const onPicture = canvas !== null && event.composedPath().includes(canvas);
    if (onPicture && event.buttons === 1 && this.scale <= 1) {
      const frame = canvas.getBoundingClientRect();
      const width = Math.min(frame.width, (frame.height * canvas.width) / canvas.height);
      const share = (event.clientX - frame.left - (frame.width - width) / 2) / width;
      this.boundary = Math.round(100 * Math.min(1, Math.max(0, share)));
    }
  }

  #forget(): void {
    this.photos?.forEach((photo) => photo.close());
    this.photos = null;
    this.problem = "";
    this.#loaded = "";
  }

  async #load(key: string): Promise<void> {
    try {
      const [earlier, later] = await Promise.all(
        [this.earlier, this.later].map((side) => picture(`/api/stills/${side.uid}/image?width=${WIDTH}`)),
      );
      if (key === this.#loaded && earlier !== undefined && later !== undefined) {
        this.photos = [earlier, later];
        this.style.setProperty("--aspect", String(later.width / later.height));
      } else {
        earlier?.close();
        later?.close();
      }
    } catch (error) {
      if (key === this.#loaded) {
        this.problem = sentence(error);
      }
    }
  }

  /** The later picture whole; the earlier one, turned, scaled and shifted, left of the boundary. */
  #draw(): void {
    const { canvas, photos } = this;
    const context = canvas?.getContext("2d");
    const matrix = this.alignment.matrix;
    if (!canvas || !context || photos === null || matrix === null) {
      return;
    }
    const [earlier, later] = photos;
    canvas.width = later.width;
    canvas.height = later.height;
    context.drawImage(later, 0, 0);
    const x = (this.boundary / 100) * later.width;
    const shown = later.width / this.later.width;
    context.save();
    context.beginPath();
    context.rect(0, 0, x, later.height);
    context.clip();
    context.fillStyle = "#0d1114";
    context.fill();
    context.scale(shown, shown);
    context.transform(...matrix);
    const grown = this.earlier.width / earlier.width;
    context.scale(grown, grown);
    context.drawImage(earlier, 0, 0);
    context.restore();
    context.fillStyle = "#fff";
    context.fillRect(x - later.width / 800, 0, later.width / 400, later.height);
    canvas.dataset["boundary"] = String(this.boundary);
    canvas.dataset["shown"] = `${this.earlier.uid} ${this.later.uid}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "compare-stage": CompareStage;
  }
}
