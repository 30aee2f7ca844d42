import { css, html, LitElement, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import UPlot from "uplot";
import plotStyles from "uplot/dist/uPlot.min.css?inline";
import { date, day, measured } from "../shared/catalogue/format";

const HEIGHT = 260;
const ROOM = 0.15;
const DAY_S = 86_400;
/** From here on, a day alone could be of several years. */
const YEAR_S = 330 * DAY_S;

/** Values of one measure over time, with the band around one of them within which a change may be chance. */
@customElement("history-plot")
export class HistoryPlot extends LitElement {
  /** Seconds since 1970, oldest first. */
  @property({ attribute: false }) times: readonly number[] = [];
  @property({ attribute: false }) values: readonly (number | null)[] = [];
  /** The value that the band lies around, by place; it is marked. */
  @property({ type: Number }) current = -1;
  /** Half of the band's height; null: no band. */
  @property({ attribute: false }) band: number | null = null;
  /** Of the axes. */
  @property({ attribute: "time-label" }) timeLabel = "";
  @property({ attribute: "value-label" }) valueLabel = "";
  /** What the picture says, for those who do not see it. */
  @property() summary = "";
  @query("div") private readonly frame!: HTMLDivElement;
  #plot: UPlot | null = null;
  readonly #size = new ResizeObserver(() => this.#plot?.setSize({ width: this.frame.clientWidth, height: HEIGHT }));
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");

  static override styles = [
    unsafeCSS(plotStyles),
    css`
      :host {
        display: block;
        min-width: 0;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scheme.addEventListener("change", this.#again);
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scheme.removeEventListener("change", this.#again);
    this.#size.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  override render(): TemplateResult {
    return html`<div role="img" aria-label=${this.summary}></div>`;
  }

  protected override updated(_changed: PropertyValues): void {
    this.#plot?.destroy();
    this.#plot = new UPlot(this.#options(), [[...this.times], [...this.values]], this.frame);
    this.#size.observe(this.frame);
  }

  readonly #again = (): void => this.requestUpdate();

  #options(): UPlot.Options {
    const colour = (name: string): string => getComputedStyle(this).getPropertyValue(name).trim();
    const axis: UPlot.Axis = {
      stroke: colour("--muted"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { stroke: colour("--line-strong"), width: 1 },
      font: `12px ${colour("--font")}`,
      labelFont: `12px ${colour("--font")}`,
      labelSize: 20,
    };
    const printed = (this.times.at(-1) ?? 0) - (this.times[0] ?? 0) > YEAR_S ? date : day;
    return {
      width: Math.max(this.frame.clientWidth, 200),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true, range: () => this.#days() }, y: { range: () => this.#heights() } },
      axes: [
        { ...axis, label: this.timeLabel, values: (_plot, ticks) => ticks.map(printed), space: 110 },
        { ...axis, label: this.valueLabel, values: (_plot, ticks) => ticks.map(measured), size: 62 },
      ],
      series: [
        {},
        { stroke: colour("--accent"), width: 2, spanGaps: true, points: { show: true, size: 8, fill: colour("--accent") } },
      ],
      hooks: { drawClear: [(plot) => this.#drawBand(plot, colour("--accent-soft"))], draw: [(plot) => this.#drawCurrent(plot, colour("--text"))] },
    };
  }

  #days(): [number, number] {
    const [first, last] = [this.times[0] ?? 0, this.times.at(-1) ?? 0];
    const room = Math.max((last - first) * 0.04, DAY_S / 2);
    return [first - room, last + room];
  }

  #heights(): [number, number] {
    const current = this.values[this.current] ?? null;
    const edges = current === null || this.band === null ? [] : [current - this.band, current + this.band];
    const seen = [...this.values.filter((value) => value !== null), ...edges];
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    const room = Math.max((high - low) * ROOM, Math.abs(high) * 0.02, 1e-6);
    return [low - room, high + room];
  }

  #drawBand(plot: UPlot, fill: string): void {
    const current = this.values[this.current] ?? null;
    if (current !== null && this.band !== null) {
      const [top, bottom] = [plot.valToPos(current + this.band, "y", true), plot.valToPos(current - this.band, "y", true)];
      plot.ctx.fillStyle = fill;
      plot.ctx.fillRect(plot.bbox.left, top, plot.bbox.width, bottom - top);
    }
  }

  #drawCurrent(plot: UPlot, stroke: string): void {
    const [time, value] = [this.times[this.current], this.values[this.current] ?? null];
    if (time !== undefined && value !== null) {
      plot.ctx.strokeStyle = stroke;
      plot.ctx.lineWidth = 2 * devicePixelRatio;
      plot.ctx.beginPath();
      plot.ctx.arc(plot.valToPos(time, "x", true), plot.valToPos(value, "y", true), 8 * devicePixelRatio, 0, 2 * Math.PI);
      plot.ctx.stroke();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "history-plot": HistoryPlot;
  }
}
