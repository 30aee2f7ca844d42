import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { Localised, texts } from "../shared/catalogue";
import { lightIcon } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import { shared } from "../styles/shared";
import type { StillInfo } from "../wire/server";
import { stageStyles } from "./stage-styles";
import "./still-stage";
import { ZoomLink } from "./zoomable";

const WIDTH = 1024;

/** The pictures of a view under every light, side by side: each shows the same part and the same layers. */
@customElement("light-grid")
export class LightGrid extends Localised {
  @property({ attribute: false }) stills: readonly StillInfo[] = [];
  @property({ attribute: false }) view: OverlayView = DEFAULT_VIEW;
  readonly #link = new ZoomLink();

  static override styles = [
    shared,
    stageStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(var(--columns, 2), minmax(0, 1fr));
        gap: 8px;
      }
      figure {
        margin: 0;
        position: relative;
      }
      still-stage {
        width: 100%;
        aspect-ratio: var(--aspect);
        height: auto;
        min-height: 0;
        max-height: min(72vh, 760px);
      }
      .tag {
        display: flex;
        align-items: center;
        gap: 6px;
      }
      @media (max-width: 640px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  protected override willUpdate(): void {
    const tall = this.stills.every((still) => still.height > still.width);
    this.style.setProperty("--columns", String(tall ? Math.min(3, this.stills.length) : Math.min(2, this.stills.length)));
  }

  override render(): TemplateResult {
    return html`${this.stills.map(
      (still, index) => html`<figure data-light=${still.light}>
        <still-stage .still=${still} .view=${this.view} .link=${this.#link} .width=${WIDTH} ?bare=${index < this.stills.length - 1}></still-stage>
        <figcaption class="tag">${lightIcon(still.light, 16)}${texts().lights[still.light]}</figcaption>
      </figure>`,
    )}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "light-grid": LightGrid;
  }
}
