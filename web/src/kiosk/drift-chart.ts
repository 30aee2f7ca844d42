import { css, html, LitElement, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { texts } from "../shared/catalogue";
import { day, number } from "../shared/catalogue/format";
import type { Verdict } from "../wire/protocol";

/** One check of a quantity. */
export interface DriftPoint {
  at: number;
  drift: number;
  verdict: Verdict;
}

const WIDTH = 400;
const HEIGHT = 210;
const LEFT = 52;
const RIGHT = 52;
const TOP = 14;
const BOTTOM = 44;
const ROOM = 1.15;
const DAY_S = 86_400;

/** The drift of one quantity over its checks, between the levels at which it warns and fails. */
@customElement("drift-chart")
export class DriftChart extends LitElement {
  /** Oldest first. */
  @property({ attribute: false }) points: DriftPoint[] = [];
  @property({ attribute: false }) warn: number | null = null;
  @property({ attribute: false }) fail: number | null = null;
  @property() unit = "";
  /** What the picture says, for those who do not see it. */
  @property() summary = "";

  static override styles = css`
    :host {
      display: block;
    }
    svg {
      width: 100%;
      height: auto;
      display: block;
    }
    text {
      font-family: var(--font);
      font-size: 12px;
      fill: var(--muted);
    }
    .axis {
      stroke: var(--line-strong);
      stroke-width: 1;
    }
    .grid {
      stroke: var(--line);
      stroke-width: 1;
    }
    .pass {
      fill: var(--pass);
    }
    .warn {
      fill: var(--warn);
    }
    .fail {
      fill: var(--fail);
    }
    .unknown {
      fill: var(--unknown);
    }
    .band.warn {
      fill: var(--warn-soft);
    }
    .band.fail {
      fill: var(--fail-soft);
    }
    .level {
      stroke-width: 1.2;
      stroke-dasharray: 5 4;
    }
    .level.warn {
      stroke: var(--warn);
    }
    .level.fail {
      stroke: var(--fail);
    }
    text.warn {
      fill: var(--warn);
    }
    text.fail {
      fill: var(--fail);
    }
    .curve {
      fill: none;
      stroke: var(--muted);
      stroke-width: 1.4;
    }
    .mark {
      stroke: var(--surface);
      stroke-width: 1;
    }
  `;

  override render(): TemplateResult {
    return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${this.summary}>
      ${this.#bands()} ${this.#yAxis()} ${this.#xAxis()} ${this.#levels()} ${this.#curve()}
    </svg>`;
  }

  get #top(): number {
    const seen = this.points.map((point) => point.drift);
    return ROOM * Math.max(...seen, this.fail ?? 0, this.warn ?? 0, 1e-6);
  }

  get #span(): [number, number] {
    const first = this.points[0]?.at ?? 0;
    const last = this.points.at(-1)?.at ?? first;
    return last - first < DAY_S ? [(first + last - DAY_S) / 2, (first + last + DAY_S) / 2] : [first, last];
  }

  #x(at: number): number {
    const [first, last] = this.#span;
    return LEFT + ((at - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  }

  #y(drift: number): number {
    return HEIGHT - BOTTOM - (drift / this.#top) * (HEIGHT - TOP - BOTTOM);
  }

  #bands(): SVGTemplateResult[] {
    const levels: [string, number | null, number | null][] = [
      ["warn", this.warn, this.fail],
      ["fail", this.fail, null],
    ];
    return levels.flatMap(([name, from, to]) => {
      if (from === null) {
        return [];
      }
      const upper = to === null ? TOP : this.#y(to);
      return [
        svg`<rect class="band ${name}" x=${LEFT} y=${upper} width=${WIDTH - LEFT - RIGHT} height=${Math.max(0, this.#y(from) - upper)}/>`,
      ];
    });
  }

  #levels(): SVGTemplateResult[] {
    const t = texts().calibration;
    const levels: [string, number | null, string][] = [
      ["warn", this.warn, t.band_warn],
      ["fail", this.fail, t.band_fail],
    ];
    return levels.flatMap(([name, level, label]) =>
      level === null
        ? []
        : [
            svg`<line class="level ${name}" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${this.#y(level)} y2=${this.#y(level)}/>
              <text class=${name} x=${WIDTH - RIGHT + 9} y=${this.#y(level) + 4}>${label}</text>`,
          ],
    );
  }

  #yAxis(): SVGTemplateResult {
    const label = texts().calibration.axis_drift.replace("{unit}", this.unit);
    const middle = (TOP + HEIGHT - BOTTOM) / 2;
    return svg`<line class="axis" x1=${LEFT} x2=${LEFT} y1=${TOP} y2=${HEIGHT - BOTTOM}/>
      ${ticks(this.#top).map(
        (value) => svg`<line class="grid" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${this.#y(value)} y2=${this.#y(value)}/>
          <text x=${LEFT - 6} y=${this.#y(value) + 4} text-anchor="end">${number(value)}</text>`,
      )}
      <text x="13" y=${middle} text-anchor="middle" transform="rotate(-90 13 ${middle})">${label}</text>`;
  }

  #xAxis(): SVGTemplateResult {
    const base = HEIGHT - BOTTOM;
    const [first, last] = this.#span;
    const shown = this.points.length > 1 && last - first > DAY_S ? [first, last] : this.points.slice(-1).map((one) => one.at);
    return svg`<line class="axis" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${base} y2=${base}/>
      ${shown.map(
        (at) => svg`<line class="axis" x1=${this.#x(at)} x2=${this.#x(at)} y1=${base} y2=${base + 4}/>
          <text x=${this.#x(at)} y=${base + 17} text-anchor="middle">${day(at)}</text>`,
      )}
      <text x=${(LEFT + WIDTH - RIGHT) / 2} y=${HEIGHT - 6} text-anchor="middle">${texts().calibration.axis_time}</text>`;
  }

  #curve(): SVGTemplateResult {
    const path = this.points.map(({ at, drift }) => `${this.#x(at).toFixed(1)},${this.#y(drift).toFixed(1)}`).join(" ");
    return svg`<polyline class="curve" points=${path}/>
      ${this.points.map(({ at, drift, verdict }) => mark(verdict, this.#x(at), this.#y(drift)))}`;
  }
}

/** A different shape for each verdict, so that colour is never the only sign. */
function mark(verdict: Verdict, x: number, y: number): SVGTemplateResult {
  if (verdict === "fail") {
    return svg`<rect class="mark fail" x=${x - 4} y=${y - 4} width="8" height="8"/>`;
  }
  if (verdict === "warn") {
    return svg`<path class="mark warn" d="M${x} ${y - 5}L${x + 5} ${y + 4}H${x - 5}Z"/>`;
  }
  return svg`<circle class="mark ${verdict}" cx=${x} cy=${y} r="4"/>`;
}

/** Three to five round numbers from 0 on, up to `top`. */
function ticks(top: number): number[] {
  const rough = top / 4.5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
}

declare global {
  interface HTMLElementTagNameMap {
    "drift-chart": DriftChart;
  }
}
