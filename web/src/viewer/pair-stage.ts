import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { date } from "../shared/catalogue/format";
import { shared } from "../styles/shared";
import type { Side } from "./compare-stage";
import { stageStyles } from "./stage-styles";

/** Two pictures beside each other, the earlier one first. */
@customElement("pair-stage")
export class PairStage extends Localised {
  @property({ attribute: false }) sides: readonly Side[] = [];

  static override styles = [
    shared,
    stageStyles,
    css`
      div {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 8px;
      }
      figure {
        margin: 0;
        position: relative;
        background: var(--stage);
        border-radius: var(--radius);
        overflow: hidden;
      }
      img {
        display: block;
        width: 100%;
        max-height: 64vh;
        object-fit: contain;
      }
    `,
  ];

  override render(): TemplateResult {
    const { before, after } = texts().viewer.compare;
    return html`<div>
      ${this.sides.map((side, index) => {
        const name = `${index === 0 ? before : after} · ${date(side.at)}`;
        return html`<figure><img src="/api/stills/${side.uid}/image?width=1024" alt="" /><figcaption class="tag">${name}</figcaption></figure>`;
      })}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "pair-stage": PairStage;
  }
}
