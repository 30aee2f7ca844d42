import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { date, number } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { verdictIcon } from "../shared/icons";
import { shared } from "../styles/shared";
import type { PastStill, StillAlignment, StillHistory } from "../wire/server";
import { get, sentence } from "./api";
import "./change-table";
import "./compare-stage";
import "./pair-stage";

/** A picture beside or under that of an earlier visit: registered where that is good enough, else side by side. */
@customElement("compare-view")
export class CompareView extends Localised {
  /** Of the picture that is compared; its pair comes from here. */
  @property({ attribute: false }) history!: StillHistory;
  @state() private chosen = "";
  @state() private alignment: StillAlignment | null = null;
  @state() private problem = "";

  static override styles = [
    shared,
    css`
      .choice {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 18px;
        align-items: center;
        margin-bottom: 10px;
      }
      label {
        display: flex;
        align-items: center;
        gap: 10px;
        font-size: 0.9375rem;
      }
      select {
        width: auto;
        font-weight: 400;
      }
      .told {
        margin-top: 10px;
        display: flex;
        flex-wrap: wrap;
        gap: 2px 18px;
      }
      .warning {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 10px;
        padding: 12px 14px;
        margin-bottom: 10px;
        border-radius: var(--radius-small);
        background: var(--warn-soft);
      }
      .warning svg {
        color: var(--warn);
        margin-top: 2px;
      }
      change-table {
        margin-top: 16px;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("history")) {
      const known = this.#earlier.some((point) => point.sop_instance_uid === this.chosen);
      this.#choose(known ? this.chosen : (this.#earlier.at(-1)?.sop_instance_uid ?? ""));
    }
  }

  override render(): TemplateResult {
    const t = texts().viewer.compare;
    const [earlier, later] = [this.#find(this.chosen), this.#find(this.history.sop_instance_uid)];
    if (earlier === undefined || later === undefined) {
      return html`<p class="card muted" data-compare="none">${this.history.known_patient ? t.none : t.no_patient}</p>`;
    }
    return html`<div class="choice">
        <label
          >${t.earlier}
          <select @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>
            ${this.#earlier.toReversed().map(
              (one) =>
                html`<option value=${one.sop_instance_uid} .selected=${one === earlier}>${date(one.captured_at)}</option>`,
            )}
          </select>
        </label>
      </div>
      ${this.problem === "" ? nothing : html`<p class="card" role="alert">${said(this.problem)}</p>`}
      ${this.alignment === null
        ? html`<p class="muted" role="status">${this.problem === "" ? t.aligning : ""}</p>`
        : this.#pair(earlier, later, this.alignment)}
      <change-table .history=${this.history} earlier=${earlier.sop_instance_uid}></change-table>`;
  }

  #pair(earlier: PastStill, later: PastStill, alignment: StillAlignment): TemplateResult {
    const { compare: t, colon } = texts().viewer;
    const sides = [earlier, later].map((one) => ({ uid: one.sop_instance_uid, at: one.captured_at, width: one.width }));
    if (!alignment.good) {
      const reason = (t.reasons as Readonly<Partial<Record<string, string>>>)[alignment.reason] ?? "";
      return html`<div class="warning" role="status" data-compare="apart">
          ${verdictIcon("warn", 18)}
          <p><strong>${reason}</strong> ${t.not_good}</p>
        </div>
        <pair-stage .sides=${sides}></pair-stage>`;
    }
    return html`<compare-stage .earlier=${sides[0]} .later=${sides[1]} .alignment=${alignment} data-compare="laid"></compare-stage>
      <p class="told small muted">
        <span>${t.registered}</span>
        <span>${t.off}${colon}${fill(t.of_face, { n: number(alignment.offset_pct ?? 0) })}</span>
        <span>${t.points}${colon}${number(alignment.points)}</span>
        <span>${t.turn}${colon}${number(alignment.turn_deg)}°</span>
        <span>${t.scale}${colon}${number(alignment.scale)}</span>
      </p>`;
  }

  get #earlier(): readonly PastStill[] {
    const own = this.#find(this.history.sop_instance_uid);
    return this.history.points.filter(
      (point) => point.study_instance_uid !== own?.study_instance_uid && point.captured_at < (own?.captured_at ?? 0),
    );
  }

  #find(uid: string): PastStill | undefined {
    return this.history.points.find((point) => point.sop_instance_uid === uid);
  }

  #choose(uid: string): void {
    this.chosen = uid;
    this.alignment = null;
    this.problem = "";
    if (uid !== "") {
      void this.#align(uid, this.history.sop_instance_uid);
    }
  }

  async #align(earlier: string, later: string): Promise<void> {
    const still = (): boolean => earlier === this.chosen && later === this.history.sop_instance_uid;
    try {
      const found = await get<StillAlignment>(`/api/stills/${later}/alignment/${earlier}`);
      if (still()) {
        this.alignment = found;
      }
    } catch (error) {
      if (still()) {
        this.problem = sentence(error);
      }
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "compare-view": CompareView;
  }
}
