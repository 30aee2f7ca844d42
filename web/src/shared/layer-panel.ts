import { css, html, nothing, type TemplateResult, unsafeCSS } from "lit";
import { customElement, property } from "lit/decorators.js";
import { EXPECTED, LAYERS, type LayerStyle, LIVE_LAYERS, MARKS, STILL_LAYERS, STILL_ONLY, STILL_ONLY_PX_PER_MM } from "../overlay/layers";
import type { OverlayView } from "../overlay/renderer";
import type { Layer } from "../wire/protocol";
import { shared } from "../styles/shared";
import { fill, Localised, texts } from "./catalogue";
import { listed } from "./catalogue/format";
import { switchStyles } from "./switch-styles";
import { layerMeaning, layerName, liveMeaning } from "./words";

const MARKED: ReadonlySet<Layer> = new Set(MARKS.map((one) => one.name));

export const DEFAULT_VIEW: OverlayView = { layers: new Set<Layer>(["skin"]), opacity: 0.6 };

/** Switches for layers with their legend, and one slider for the strength of the maps. */
@customElement("layer-panel")
export class LayerPanel extends Localised {
  @property({ attribute: false }) view: OverlayView = DEFAULT_VIEW;
  /** Layers that can be shown; others are greyed. */
  @property({ attribute: false }) available: readonly Layer[] = LIVE_LAYERS.map((layer) => layer.name);
  /** Why a layer is greyed. */
  @property() missing = "";
  @property() heading = "";
  /** Without a heading of its own, where it has one around it. */
  @property({ type: Boolean, reflect: true }) untitled = false;
  /** Also lists layers that need a still, greyed. */
  @property({ type: Boolean }) live = false;
  /** Lists what a still may have: what it has, and with the reason what it has not. */
  @property({ type: Boolean }) still = false;
  /** What was measured of single layers, with units. */
  @property({ attribute: false }) figures: ReadonlyMap<Layer, string> = new Map();
  /** Why single layers are greyed, where that is known. */
  @property({ attribute: false }) because: ReadonlyMap<Layer, string> = new Map();

  static override styles = [
    shared,
    switchStyles,
    css`
      .row {
        display: grid;
        grid-template-columns: auto 1fr auto;
        align-items: center;
        gap: 0 12px;
        width: 100%;
        min-height: 48px;
        padding: 6px 10px 6px 4px;
        border: 0;
        background: transparent;
        text-align: left;
        font-weight: 500;
        border-radius: var(--radius-small);
      }
      .row:disabled {
        background: transparent;
      }
      .rows {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr));
        gap: 2px 28px;
      }
      .name {
        font-weight: 600;
        line-height: 1.3;
      }
      .meaning {
        display: block;
        font-weight: 400;
        font-size: 0.8125rem;
        color: var(--muted);
      }
      .ramp {
        width: 44px;
        height: 10px;
        border-radius: 3px;
        border: 1px solid var(--line);
        background: linear-gradient(90deg, transparent, var(--ramp));
      }
      .figure {
        display: block;
        font-weight: 600;
        font-size: 0.8125rem;
        font-variant-numeric: tabular-nums;
      }
      .mark .ramp {
        justify-self: center;
        width: 14px;
        height: 14px;
        border-radius: 50%;
        background: color-mix(in srgb, var(--ramp) 40%, transparent);
        border: 3px solid var(--ramp);
        box-shadow: 0 0 0 1px rgb(8 12 16 / 43%);
      }
      .skin {
        --ramp: var(--layer-skin);
      }
      .skin .ramp,
      .regions .ramp {
        background: none;
        border: 2px solid var(--ramp);
      }
      .melanin {
        --ramp: var(--layer-melanin);
      }
      .redness {
        --ramp: var(--layer-redness);
      }
      .reflection {
        --ramp: var(--layer-reflection);
      }
      .regions {
        --ramp: var(--layer-regions);
      }
      ${unsafeCSS(STILL_LAYERS.slice(LAYERS.length).map((one) => `.${one.name} { --ramp: rgb(${one.rgb.join(" ")}); }`).join(" "))}
      :disabled .ramp,
      :disabled .switch {
        opacity: 0.4;
      }
      .slider {
        display: grid;
        grid-template-columns: auto 1fr 44px;
        gap: 12px;
        align-items: center;
        padding: 10px 4px 0;
        margin-top: 8px;
        border-top: 1px solid var(--line);
      }
      input[type="range"] {
        width: 100%;
        min-width: 0;
        min-height: 44px;
        padding: 0;
        border: 0;
        background: none;
        accent-color: var(--accent);
      }
      .lacking {
        margin: 8px 4px 0;
        padding-top: 8px;
        border-top: 1px solid var(--line);
        font-size: 0.8125rem;
        color: var(--muted);
      }
      .lacking dt {
        font-weight: 600;
      }
      .lacking dd {
        margin: 0 0 6px;
      }
      header {
        display: flex;
        justify-content: space-between;
        align-items: baseline;
        padding: 0 10px 6px 4px;
        font-size: 0.75rem;
        color: var(--muted);
      }
      h2 {
        color: var(--text);
      }
      :host([untitled]) header {
        justify-content: flex-end;
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().layers;
    return html`
      <header>${this.untitled ? nothing : html`<h2>${this.heading || t.heading}</h2>`}<span aria-hidden="true">${t.least_most}</span></header>
      <div class="rows">
        ${this.#listed.map((layer) =>
          this.#row(layer),
        )}
        ${this.live ? STILL_ONLY.map((layer) => this.#greyed(layer, fill(t.still_only, { n: STILL_ONLY_PX_PER_MM }))) : nothing}
      </div>
      ${this.still ? this.#lacking() : nothing}
      <div class="slider">
        <label for="opacity">${t.strength}</label>
        <input
          id="opacity"
          type="range"
          min="0"
          max="100"
          step="5"
          .value=${String(Math.round(this.view.opacity * 100))}
          @input=${this.#slide}
        />
        <span class="small muted tabular">${Math.round(this.view.opacity * 100)} %</span>
      </div>
    `;
  }

  get #listed(): readonly LayerStyle[] {
    return this.still ? STILL_LAYERS.filter((one) => this.available.includes(one.name)) : this.live ? LIVE_LAYERS : LAYERS;
  }

  /** What the still has not, by reason. */
  #lacking(): TemplateResult | typeof nothing {
    const reasons = new Map<string, string[]>();
    for (const { name } of EXPECTED.filter((one) => !this.available.includes(one.name))) {
      const reason = this.because.get(name) ?? this.#missing;
      reasons.set(reason, [...(reasons.get(reason) ?? []), layerName(name)]);
    }
    return reasons.size === 0
      ? nothing
      : html`<dl class="lacking">
          ${[...reasons].map(([reason, labels]) => html`<dt>${listed(labels)}</dt><dd>${reason}</dd>`)}
        </dl>`;
  }

  get #missing(): string {
    return this.missing || texts().layers.missing;
  }

  #row(style: LayerStyle): TemplateResult {
    const layer = style.name;
    if (!this.available.includes(layer)) {
      return this.#greyed(layer, this.#missing);
    }
    const meaning = this.still ? layerMeaning(layer) : liveMeaning(style);
    const on = this.view.layers.has(layer);
    const figure = this.figures.get(layer);
    return html`<button
      class="row ${layer} ${MARKED.has(layer) ? "mark" : ""}"
      role="switch"
      aria-checked=${on}
      data-layer=${layer}
      title=${meaning}
      @click=${() => this.#toggle(layer)}
    >
      <span class="switch"></span>
      <span class="name"
        >${layerName(layer)}<span class="meaning">${meaning}</span>${figure === undefined
          ? nothing
          : html`<span class="figure">${figure}</span>`}</span
      >
      <span class="ramp" aria-hidden="true"></span>
    </button>`;
  }

  #greyed(layer: Layer, reason: string): TemplateResult {
    return html`<button class="row" role="switch" aria-checked="false" disabled>
      <span class="switch"></span>
      <span class="name">${layerName(layer)}<span class="meaning">${reason}</span></span>
      <span></span>
    </button>`;
  }

  #toggle(layer: Layer): void {
    const layers = new Set(this.view.layers);
    if (!layers.delete(layer)) {
      layers.add(layer);
    }
    this.#change({ ...this.view, layers });
  }

  #slide(event: Event): void {
    this.#change({ ...this.view, opacity: Number((event.target as HTMLInputElement).value) / 100 });
  }

  #change(view: OverlayView): void {
    this.view = view;
    this.dispatchEvent(new CustomEvent<OverlayView>("view-changed", { detail: view }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "layer-panel": LayerPanel;
  }
}
