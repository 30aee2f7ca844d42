import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { fill, Localised, texts } from "../shared/catalogue";
import { number, percent } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { lowered, regionName } from "../shared/words";
import { shared } from "../styles/shared";
import type { Measure } from "../wire/protocol";
import { acneOf, conditionsOf, type Probability, type Severity, severityOf } from "./assessments";


/** Severity of acne with its distribution, and the conditions of the skin, as probabilities of models. */
@customElement("assessment-card")
export class AssessmentCard extends Localised {
  @property({ attribute: false }) measures: readonly Measure[] = [];

  static override styles = [
    shared,
    css`
      :host(:not([hidden])) {
        display: block;
      }
      .columns {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(280px, 1fr));
        gap: 20px 40px;
        margin-top: 10px;
      }
      h3 {
        font-size: 0.9375rem;
        margin: 0 0 8px;
      }
      .grade {
        display: flex;
        align-items: baseline;
        gap: 10px;
        margin-bottom: 10px;
      }
      .figure {
        font-size: 2rem;
        font-weight: 650;
        line-height: 1;
        font-variant-numeric: tabular-nums;
      }
      .uncertain {
        padding: 2px 10px;
        border-radius: 999px;
        background: var(--warn-soft);
        color: var(--warn);
        font-size: 0.8125rem;
        font-weight: 600;
      }
      .bars {
        display: grid;
        grid-template-columns: auto minmax(60px, 1fr) 44px;
        gap: 6px 12px;
        align-items: center;
        font-size: 0.875rem;
      }
      .place {
        color: var(--muted);
        font-size: 0.8125rem;
      }
      progress {
        appearance: none;
        width: 100%;
        height: 8px;
        border: 0;
        border-radius: 4px;
        background: var(--sunken);
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--sunken);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      .chosen {
        font-weight: 650;
      }
      .value {
        text-align: right;
        font-variant-numeric: tabular-nums;
      }
      .note {
        margin: 14px 0 0;
      }
      .bars ~ p {
        margin-top: 8px;
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const severity = severityOf(this.measures);
    const acne = acneOf(this.measures);
    const conditions = conditionsOf(this.measures);
    if (severity === null && acne === null && conditions.length === 0) {
      return nothing;
    }
    const t = texts().viewer.assess;
    return html`<section class="card" aria-label="${t.heading} ${t.by_models}">
      <h2>${t.heading} <span class="muted">${t.by_models}</span></h2>
      <div class="columns">
        ${severity === null ? nothing : this.#severity(severity, acne)} ${this.#conditions(conditions)}
      </div>
      <p class="small muted note">${t.note}</p>
    </section>`;
  }

  #severity(severity: Severity, acne: Probability | null): TemplateResult {
    const t = texts().viewer.assess;
    const grades = Object.values(t.grades);
    return html`<div data-assessment="severity">
      <h3>${t.severity}</h3>
      ${severity.grade === null
        ? html`<p class="muted small" data-state="absent">${said(severity.reason)}</p>`
        : html`<div class="grade" title=${severity.method}>
              <span class="figure">${severity.grade}</span><span>${fill(t.of_four, { grade: lowered(grades[severity.grade] ?? "") })}</span>
              ${severity.uncertain ? html`<span class="uncertain">${t.uncertain}</span>` : nothing}
            </div>
            <div class="bars">
              ${severity.distribution.map((share, grade) =>
                bar(`${grade} ${grades[grade] ?? ""}`, "", share, grade === severity.grade),
              )}
            </div>
            ${severity.estimate === null
              ? nothing
              : html`<p class="small muted">${fill(t.estimate, { value: number(severity.estimate) })}</p>`}`}
      ${acne === null
        ? nothing
        : acne.value === null
          ? html`<p class="small muted" data-state="absent">${t.acne} ${said(acne.reason)}</p>`
          : html`<p class="small">${t.acne} <strong>${percent(acne.value)}</strong> ${t.for_acne}</p>`}
    </div>`;
  }

  #conditions(conditions: readonly Probability[]): TemplateResult | typeof nothing {
    if (conditions.length === 0) {
      return nothing;
    }
    const reason = conditions.every((one) => one.value === null) ? conditions[0]?.reason : undefined;
    return html`<div data-assessment="conditions">
      <h3>${texts().viewer.assess.conditions}</h3>
      ${reason !== undefined
        ? html`<p class="muted small" data-state="absent">${said(reason)}</p>`
        : html`<div class="bars">
            ${conditions.map((one) => bar(one.label, one.place, one.value ?? 0, (one.value ?? 0) >= 0.5))}
          </div>`}
    </div>`;
  }
}

function bar(label: string, place: string, share: number, chosen: boolean): TemplateResult {
  return html`<span class=${chosen ? "chosen" : ""}
      >${label} ${place === "" ? nothing : html`<span class="place">${lowered(regionName(place))}</span>`}</span
    >
    <progress max="1" .value=${share} aria-hidden="true"></progress>
    <span class="value ${chosen ? "chosen" : ""}">${percent(share)}</span>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "assessment-card": AssessmentCard;
  }
}
