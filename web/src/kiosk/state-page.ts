import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { counted, fill, texts } from "../shared/catalogue";
import { bytes, dateTime, quantity } from "../shared/catalogue/format";
import { said, translated } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import { facts, kiosk } from "../styles/kiosk";
import { shared, verdictColours } from "../styles/shared";
import type { InstrumentStatus, VisitStatus } from "../wire/booth";
import type { Light, Verdict } from "../wire/protocol";
import { KioskScreen } from "./kiosk-screen";
import "./light-sequence";
import { uplinkText } from "./uplink";

/** What the booth has to work with: room, server, instruments and calibration. */
@customElement("state-page")
export class StatePage extends KioskScreen {
  static override styles = [
    shared,
    kiosk,
    facts,
    verdictColours,
    css`
      .cards {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 16px;
        margin-top: 18px;
      }
      .all {
        grid-column: 1 / -1;
      }
      @media (max-width: 800px) {
        .cards {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      .line {
        display: grid;
        grid-template-columns: 22px minmax(0, 1fr);
        gap: 2px 12px;
        margin-top: 12px;
        align-items: start;
        overflow-wrap: anywhere;
      }
      .line .detail {
        grid-column: 2;
        color: var(--muted);
        font-size: 0.9375rem;
      }
      .icon {
        display: flex;
        padding-top: 2px;
      }
      progress {
        width: 100%;
        height: 14px;
        margin-top: 12px;
        accent-color: var(--accent);
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().booth;
    return html`<div class="screen">
      <h1 tabindex="-1">${t.heading}</h1>
      <div class="cards">${this.#instruments()} ${this.#calibration()} ${this.#server()} ${this.#disk()} ${this.#last()}</div>
    </div>`;
  }

  #instruments(): TemplateResult {
    const t = texts().booth;
    return html`<section class="card" aria-labelledby="instruments">
      <h2 id="instruments">${t.instruments}</h2>
      ${this.booth.instruments.map(instrument)}
      ${this.booth.problem === "" ? nothing : line("fail", said(this.booth.problem))}
    </section>`;
  }

  #disk(): TemplateResult {
    const t = texts().booth;
    const { used_bytes, limit_bytes, visits_left, problem } = this.booth.disk;
    return html`<section class="card" aria-labelledby="disk">
      <h2 id="disk">${t.disk}</h2>
      ${visits_left === null ? nothing : line(problem === "" ? "pass" : "warn", counted(t.visits_left, visits_left))}
      ${problem === "" ? nothing : html`<p class="problem">${said(problem)}</p>`}
      ${limit_bytes === 0
        ? nothing
        : html`<progress max=${limit_bytes} value=${used_bytes} aria-labelledby="disk"></progress>
            <p class="muted">${fill(t.disk_used, { used: bytes(used_bytes), limit: bytes(limit_bytes) })}</p>`}
    </section>`;
  }

  #server(): TemplateResult {
    const t = texts();
    const { uplink } = this.booth;
    const { verdict, text } = uplinkText(uplink);
    const delay = uplink.latency_ms;
    return html`<section class="card" aria-labelledby="server">
      <h2 id="server">${t.booth.server}</h2>
      ${line(verdict, text, uplink.pending > 0 ? counted(t.shell.pending, uplink.pending) : t.booth.nothing_waits)}
      <dl>
        <dt>${t.booth.preview}</dt>
        <dd>${uplink.preview_connected ? t.booth.preview_on : t.booth.preview_off}</dd>
        ${delay === null ? nothing : html`<dt>${t.booth.delay}</dt><dd>${quantity(Math.round(delay), "ms")}</dd>`}
      </dl>
    </section>`;
  }

  #calibration(): TemplateResult {
    const t = texts().booth;
    const { record, problem, made_at, expires_at, taken_up_at, checked_at, verdict } = this.booth.calibration;
    const date = (at: number | null): string => (at === null ? t.never : dateTime(at));
    return html`<section class="card" aria-labelledby="calibration">
      <h2 id="calibration">${t.calibration}</h2>
      ${record === "" ? line("warn", t.no_record, problem === "" ? "" : said(problem)) : line("pass", record)}
      <dl>
        ${made_at === null ? nothing : html`<dt>${t.made}</dt><dd>${date(made_at)}</dd>`}
        ${expires_at === null ? nothing : html`<dt>${t.expires}</dt><dd>${date(expires_at)}</dd>`}
        ${taken_up_at === null ? nothing : html`<dt>${t.taken_up}</dt><dd>${date(taken_up_at)}</dd>`}
        <dt>${t.checked}</dt>
        <dd>${date(checked_at)}</dd>
      </dl>
      ${verdict === "" ? nothing : line(verdict, t.check_verdicts[verdict as "pass"])}
    </section>`;
  }

  #last(): TemplateResult {
    const t = texts().booth;
    const { visit } = this.booth;
    return html`<section class="card all" aria-labelledby="last">
      <h2 id="last">${t.last_visit}</h2>
      ${visit === null
        ? html`<p class="muted">${t.no_visit}</p>`
        : html`${this.#analysis(visit)}<light-sequence .visit=${visit}></light-sequence>`}
    </section>`;
  }

  #analysis(visit: VisitStatus): TemplateResult | typeof nothing {
    const total = visit.stills.length;
    const share = visit.stills.reduce((sum, still) => sum + (still.stage === "analysed" ? 1 : still.analysed), 0) / total;
    return share === 0 || share === 1
      ? nothing
      : html`<progress max="1" .value=${share} aria-label=${texts().booth.analysis}></progress>`;
  }
}

function instrument({ name, driver, ready, detail }: InstrumentStatus): TemplateResult {
  const t = texts().booth;
  const called = (t.names as Readonly<Record<string, string>>)[name] ?? name;
  const state = ready ? t.ready : t.not_ready;
  return line(ready ? "pass" : "fail", html`<strong>${called}</strong> · ${state}`, html`${driver}${detail === "" ? nothing : html` · ${ready ? inWords(detail) : said(detail)}`}`);
}

/** Lights by their names for people, and what the catalogue has; anything else as it is. */
function inWords(detail: string): string {
  const { lights } = texts();
  return detail
    .split(", ")
    .map((one) => lights[one as Light] ?? translated(one) ?? one)
    .join(", ");
}

function line(verdict: Verdict, text: unknown, detail: unknown = ""): TemplateResult {
  return html`<div class="line" data-verdict=${verdict}>
    <span class="icon ${verdict}">${verdictIcon(verdict, 22)}</span><span>${text}</span>
    ${detail === "" ? nothing : html`<span class="detail">${detail}</span>`}
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "state-page": StatePage;
  }
}
