import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Localised, texts } from "../shared/catalogue";
import { lightIcon } from "../shared/icons";
import "../shared/verdict-badge";
import { lowered } from "../shared/words";
import { shared } from "../styles/shared";
import type { StillInfo } from "../wire/server";
import { marks } from "./still-facts";

/** The pictures of a visit to choose from; `chosen` tells the SOP Instance UID. */
@customElement("light-strip")
export class LightStrip extends Localised {
  @property({ attribute: false }) stills: readonly StillInfo[] = [];
  @property() chosen = "";

  static override styles = [
    shared,
    css`
      div {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(196px, 1fr));
        gap: 8px;
      }
      button {
        display: grid;
        grid-template-columns: 48px auto;
        gap: 2px 8px;
        justify-items: start;
        text-align: left;
        padding: 8px;
        justify-content: start;
        align-content: start;
      }
      button[aria-selected="true"] {
        border-color: var(--accent);
        box-shadow: inset 0 0 0 1px var(--accent);
        background: var(--accent-soft);
      }
      .thumb {
        grid-row: 1 / 3;
        width: 48px;
        height: 56px;
        border-radius: 6px;
        overflow: hidden;
        background: var(--stage);
      }
      .thumb img {
        width: 100%;
        height: 100%;
        object-fit: cover;
        object-position: 50% 25%;
      }
      .label {
        display: flex;
        align-items: center;
        gap: 5px;
        align-self: end;
        font-size: 0.8125rem;
        line-height: 1.2;
      }
      .label svg {
        flex: none;
      }
      .marks {
        grid-column: 1 / -1;
        color: var(--muted);
        font-weight: 400;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<div role="tablist" aria-label=${texts().viewer.visit.by_light} @keydown=${this.#keys}>
      ${this.stills.map((still) => this.#tab(still))}
    </div>`;
  }

  #tab(still: StillInfo): TemplateResult {
    const { lights, views, viewer } = texts();
    const uid = still.sop_instance_uid;
    const chosen = uid === this.chosen;
    const several = new Set(this.stills.map((one) => one.view)).size > 1;
    const label = several ? `${views[still.view]}, ${lowered(lights[still.light])}` : lights[still.light];
    return html`<button
      role="tab"
      aria-selected=${chosen}
      tabindex=${chosen ? 0 : -1}
      data-light=${still.light}
      @click=${() => this.#choose(uid)}
    >
      <span class="thumb">${still.picture ? html`<img src="/api/stills/${uid}/image?width=320" alt="" />` : nothing}</span>
      <span class="label">${lightIcon(still.light, 18)}${label}</span>
      ${still.verdict === null
        ? html`<span class="small muted">${viewer.visit.analysing}</span>`
        : html`<verdict-badge .verdict=${still.verdict}></verdict-badge>`}
      ${marks(still)}
    </button>`;
  }

  #keys(event: KeyboardEvent): void {
    const index = this.stills.findIndex((one) => one.sop_instance_uid === this.chosen);
    const last = this.stills.length - 1;
    const ways: Record<string, number> = {
      ArrowRight: index === last ? 0 : index + 1,
      ArrowLeft: index <= 0 ? last : index - 1,
      Home: 0,
      End: last,
    };
    const next = this.stills[ways[event.key] ?? -1];
    if (next !== undefined) {
      event.preventDefault();
      this.#choose(next.sop_instance_uid);
      void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
    }
  }

  #choose(uid: string): void {
    this.chosen = uid;
    this.dispatchEvent(new CustomEvent("chosen", { detail: uid }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "light-strip": LightStrip;
  }
}
