import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { Localised } from "../shared/catalogue";
import { shared } from "../styles/shared";
import { stillPicture } from "./calls";

const WIDTH = 320;

/** A still, small. */
@customElement("still-thumb")
export class StillThumb extends Localised {
  /** Place in the order of shooting. */
  @property({ attribute: false }) index = 0;
  /** Changes when the still is taken again. */
  @property({ attribute: false }) key = "";
  @query("canvas") private readonly canvas!: HTMLCanvasElement;
  #asking: AbortController | null = null;

  static override styles = [
    shared,
    css`
      canvas {
        display: block;
        width: 100%;
        aspect-ratio: 3 / 2;
        object-fit: cover;
        background: var(--stage);
        border-radius: 6px;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking?.abort();
    this.canvas.width = 1;
  }

  override render(): TemplateResult {
    return html`<canvas width="1" height="1" aria-hidden="true"></canvas>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("index") || changed.has("key")) {
      void this.#load();
    }
  }

  async #load(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const picture = this.key === "" ? null : await stillPicture(this.index, WIDTH, undefined, asking.signal);
    if (picture !== null && !asking.signal.aborted) {
      this.canvas.width = picture.width;
      this.canvas.height = picture.height;
      this.canvas.getContext("2d")?.drawImage(picture, 0, 0);
      this.canvas.dataset["shown"] = this.key;
    }
    picture?.close();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "still-thumb": StillThumb;
  }
}
