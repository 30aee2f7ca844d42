import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { counted, fill, texts } from "../shared/catalogue";
import { dateTime, number, quantity } from "../shared/catalogue/format";
import { said, translated } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import { facts, kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { CalibrationCheck, CheckPoint } from "../wire/booth";
import type { Light, Verdict } from "../wire/protocol";
import { calibrationHistory, checkCalibration } from "./calls";
import { calibrationStyles } from "./calibration-styles";
import "./drift-chart";
import type { DriftPoint } from "./drift-chart";
import { KioskScreen } from "./kiosk-screen";

/** Which record results rest on, the daily check against it, and what was found on the days before. */
@customElement("calibration-page")
export class CalibrationPage extends KioskScreen {
  @state() private problem = "";
  @state() private checks: CalibrationCheck[] | null = null;
  @state() private unread = "";
  #loadedOf: number | null | undefined = undefined;

  static override styles = [shared, kiosk, facts, calibrationStyles];

  override render(): TemplateResult {
    return html`<div class="screen">
      <h1 tabindex="-1">${texts().calibration.heading}</h1>
      <div class="cards">${this.#record()} ${this.#check()}</div>
      ${this.#result()} ${this.#history()}
    </div>`;
  }

  protected override updated(_changed: PropertyValues): void {
    const { checked_at } = this.booth.calibration;
    if (checked_at !== this.#loadedOf) {
      this.#loadedOf = checked_at;
      void this.#load();
    }
  }

  async #load(): Promise<void> {
    const { problem, body } = await calibrationHistory();
    this.unread = problem;
    if (problem === "") {
      this.checks = body as CalibrationCheck[];
    }
  }

  #record(): TemplateResult {
    const t = texts().calibration;
    const { record, problem, made_at, expires_at, taken_up_at } = this.booth.calibration;
    if (record === "") {
      return html`<section class="card" aria-labelledby="record">
        <h2 id="record">${t.record}</h2>
        <p class="notice warn">${verdictIcon("warn", 24)}<span>${problem === "" ? texts().booth.no_record : said(problem)}</span></p>
        <p>${t.refused}:</p>
        <ul>
          <li>${t.refused_colour}</li>
          <li>${t.refused_scale}</li>
          <li>${t.refused_uv}</li>
        </ul>
        <p>${parts(t.make, html`<code>dermabooth calibrate make</code>`)}</p>
      </section>`;
    }
    return html`<section class="card" aria-labelledby="record">
      <h2 id="record">${t.record}</h2>
      ${line("pass", fill(t.holds, { id: record }))}
      <dl>
        ${made_at === null ? nothing : html`<dt>${t.made}</dt><dd>${dateTime(made_at)}</dd>`}
        <dt>${t.expires}</dt>
        <dd>${expires_at === null ? t.never : dateTime(expires_at)}</dd>
        ${taken_up_at === null ? nothing : html`<dt>${t.taken_up}</dt><dd>${dateTime(taken_up_at)}</dd>`}
      </dl>
    </section>`;
  }

  #check(): TemplateResult {
    const t = texts().calibration;
    const { running, failed, record, checked_at } = this.booth.calibration;
    const free = this.booth.phase === "ready" && record !== "";
    return html`<section class="card" aria-labelledby="check">
      <h2 id="check">${t.check}</h2>
      ${running === "" ? this.#guide(free, checked_at !== null) : this.#running(running)}
      ${failed === "" || running !== ""
        ? nothing
        : html`<p class="notice fail" role="alert">${verdictIcon("fail", 24)}<span>${t.failed}. ${said(failed)}</span></p>`}
    </section>`;
  }

  #guide(free: boolean, again: boolean): TemplateResult {
    const t = texts().calibration;
    return html`<p class="place"><strong>${t.place}</strong></p>
      <p class="muted">${t.place_detail}</p>
      <p class="actions">
        <button class="primary big" data-action="check" ?disabled=${!free} @click=${this.#start}>${again ? t.again : t.run}</button>
      </p>
      ${free || this.booth.calibration.record === "" ? nothing : html`<p class="muted">${t.busy}</p>`}
      ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}`;
  }

  #running(running: string): TemplateResult {
    const t = texts().calibration;
    const { lights } = texts();
    const steps = [...new Set(this.booth.protocol.recipe.steps.map((step) => step.light))].filter((light) => light !== "uv");
    const all = ["starting", ...steps, "reading"];
    const at = Math.max(0, all.indexOf(running));
    const text =
      running === "starting" ? t.starting : running === "reading" ? t.reading : fill(t.shooting, { light: lights[running as Light] ?? running });
    return html`<p role="status"><strong>${text}</strong></p>
      <progress max=${all.length} value=${at + 0.5} aria-label=${t.check}></progress>
      <p class="muted">${t.running}</p>`;
  }

  #result(): TemplateResult {
    const t = texts().calibration;
    const { checked_at, verdict, points } = this.booth.calibration;
    if (checked_at === null || verdict === "") {
      return html`<section class="card all" aria-labelledby="result"><h2 id="result">${t.none}</h2></section>`;
    }
    return html`<section class="card all" aria-labelledby="result">
      <h2 id="result">${fill(t.result, { at: dateTime(checked_at) })}</h2>
      ${line(verdict, t.verdicts[verdict as "pass"])}
      <div class="wide" tabindex="0" role="group" aria-labelledby="result">
        <table>
          <thead>
            <tr>
              <th scope="col">${t.quantity}</th>
              <th scope="col" class="figure">${t.value}</th>
              <th scope="col" class="figure">${t.reference}</th>
              <th scope="col" class="figure">${t.drift}</th>
              <th scope="col" class="figure">${t.limits}</th>
              <th scope="col">${t.verdict}</th>
            </tr>
          </thead>
          ${points.map(row)}
        </table>
      </div>
    </section>`;
  }

  #history(): TemplateResult {
    const t = texts().calibration;
    const checks = this.checks;
    const content =
      this.unread !== ""
        ? html`<p class="problem">${fill(t.unread, { reason: translated(this.unread) ?? this.unread })}</p>`
        : checks === null
          ? html`<p class="muted">${t.loading}</p>`
          : checks.length === 0
            ? html`<p class="muted">${t.history_none}</p>`
            : html`<div class="charts">${series(checks).map(([name, points]) => figure(name, points))}</div>`;
    return html`<section class="card all" aria-labelledby="history">
      <h2 id="history">${t.history}</h2>
      ${content}
    </section>`;
  }

  async #start(): Promise<void> {
    this.problem = "";
    this.problem = (await checkCalibration()).problem;
  }
}

interface Measured extends CheckPoint {
  at: number;
}

/** What was measured of each quantity, oldest first; the quantities in the order of the newest check. */
function series(checks: CalibrationCheck[]): [string, Measured[]][] {
  const names = new Set([...checks].reverse().flatMap((check) => check.points.map((point) => point.name)));
  return [...names].map((name) => [
    name,
    checks.flatMap((check) => check.points.filter((point) => point.name === name).map((point) => ({ ...point, at: check.at }))),
  ]);
}

function figure(name: string, measured: Measured[]): TemplateResult {
  const t = texts().calibration;
  const points: DriftPoint[] = measured.flatMap(({ at, drift, verdict }) => (drift === null ? [] : [{ at, drift, verdict }]));
  const last = measured.at(-1);
  if (last === undefined || points.length === 0) {
    return html`${nothing}`;
  }
  const newest = points.at(-1) as DriftPoint;
  const level = (value: number | null): string => (value === null ? "–" : drifted(value, last.unit));
  const summary = counted(t.summary, points.length, {
    name: called(name),
    last: drifted(newest.drift, last.unit),
    at: dateTime(newest.at),
    warn: level(last.warn),
    fail: level(last.fail),
  });
  return html`<figure>
    <figcaption>${called(name)}</figcaption>
    <drift-chart
      .points=${points}
      .warn=${last.warn}
      .fail=${last.fail}
      .unit=${printed(last.unit)}
      .summary=${summary}
    ></drift-chart>
    <details>
      <summary>${t.table}</summary>
      <table>
        <caption class="hidden">${called(name)}</caption>
        <thead>
          <tr>
            <th scope="col">${t.at}</th>
            <th scope="col" class="figure">${t.drift}</th>
            <th scope="col">${t.verdict}</th>
          </tr>
        </thead>
        <tbody>
          ${[...measured].reverse().map(
            (one) => html`<tr>
              <th scope="row">${dateTime(one.at)}</th>
              <td class="figure">${one.drift === null ? t.not_read : drifted(one.drift, one.unit)}</td>
              <td>${t.verdicts[one.verdict as "pass"]}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </figure>`;
}

function row(point: CheckPoint): TemplateResult {
  const t = texts().calibration;
  const drift = point.drift === null ? t.not_read : drifted(point.drift, point.unit);
  const limits = point.warn === null || point.fail === null ? "" : `${number(point.warn)}, ${drifted(point.fail, point.unit)}`;
  const advice = point.advice === "" ? nothing : html`<tr class="advice"><td colspan="6">${t.advice}${texts().viewer.colon}${said(point.advice)}</td></tr>`;
  return html`<tbody data-quantity=${point.name}><tr>
    <th scope="row">${called(point.name)}</th>
    <td class="figure">${measured(point.name, point.reference === null ? null : point.value)}</td>
    <td class="figure">${measured(point.name, point.reference)}</td>
    <td class="figure">${drift}</td>
    <td class="figure muted">${limits}</td>
    <td>${line(point.verdict, t.verdicts[point.verdict as "pass"])}</td>
  </tr>${advice}</tbody>`;
}

/** Units of the quantities themselves; that of a drift comes with it. */
const UNITS: Readonly<Record<string, string>> = { lamp: "1/s", scale: "px/mm", focus: "1/px", polarisation: "1" };

function measured(name: string, value: number | null): string {
  return value === null ? "" : quantity(value, UNITS[name.split("/")[0] ?? ""] ?? "1");
}

function drifted(value: number, unit: string): string {
  return `${number(value)}\u202f${printed(unit)}`;
}

function printed(unit: string): string {
  return unit === "dE2000" ? "ΔE₀₀" : unit;
}

/** `lamp/white` in words. */
function called(name: string): string {
  const { calibration, lights } = texts();
  const [kind = "", light] = name.split("/");
  const quantity = (calibration.names as Readonly<Record<string, string>>)[kind] ?? kind;
  return light === undefined ? quantity : fill(calibration.with_light, { name: quantity, light: lights[light as Light] ?? light });
}

/** A text with one element in the place of {command}. */
function parts(template: string, command: TemplateResult): TemplateResult {
  const [before = "", after = ""] = template.split("{command}");
  return html`${before}${command}${after}`;
}

function line(verdict: Verdict, text: string): TemplateResult {
  return html`<span class="line ${verdict}" data-verdict=${verdict}>${verdictIcon(verdict, 20)}<span>${text}</span></span>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "calibration-page": CalibrationPage;
  }
}
