import { css, html, nothing, type TemplateResult } from "lit";
import { fill, texts } from "../shared/catalogue";
import { birthDate, day, personName, timeOfDay } from "../shared/catalogue/format";
import { verdictIcon } from "../shared/icons";
import type { WorklistEntry } from "../wire/booth";

/** Styles of a list of entries. */
export const entryStyles = css`
  ul {
    list-style: none;
    margin: 12px 0 0;
    padding: 0;
    display: grid;
    gap: 8px;
  }
  .entry {
    width: 100%;
    min-height: 72px;
    display: grid;
    grid-template-columns: 4.2rem minmax(0, 1fr) auto;
    gap: 2px 14px;
    padding: 10px 16px;
    text-align: left;
    justify-content: stretch;
  }
  .entry .time {
    font-size: 1.125rem;
    font-variant-numeric: tabular-nums;
  }
  .entry .name {
    font-size: 1.125rem;
    overflow-wrap: anywhere;
  }
  .entry .about {
    display: block;
    font-size: 0.9375rem;
    font-weight: 400;
    color: var(--muted);
    overflow-wrap: anywhere;
  }
  .entry.done {
    background: var(--sunken);
    border-color: var(--line);
  }
  .ticked {
    display: inline-flex;
    gap: 6px;
    align-items: center;
    color: var(--pass);
    font-size: 0.875rem;
  }
`;

/** Entries to choose from; `full`: nobody can be chosen, for want of room on the disk. */
export function entryList(
  entries: readonly WorklistEntry[],
  full: boolean,
  choose: (entry: WorklistEntry) => void,
): TemplateResult {
  return html`<ul>
    ${entries.map((entry) => html`<li>${button(entry, full, choose)}</li>`)}
  </ul>`;
}

function button(entry: WorklistEntry, full: boolean, choose: (entry: WorklistEntry) => void): TemplateResult {
  const t = texts();
  const { patient, scheduled_at, description, accession_number } = entry;
  const born = birthDate(patient.patient_birth_date);
  const about = [
    patient.patient_id,
    born === "" ? "" : fill(t.start.born, { date: born }),
    accession_number,
    description,
  ];
  return html`<button
    class="entry ${entry.done ? "done" : ""}"
    data-entry=${entry.key}
    ?disabled=${full}
    @click=${() => choose(entry)}
  >
    <span class="time">${scheduled_at === null ? "" : when(scheduled_at)}</span>
    <span class="name"
      >${personName(patient.patient_name) || t.common.unnamed}<span class="about"
        >${about.filter((one) => one !== "").join(" · ")}</span
      ></span
    >
    ${entry.done ? html`<span class="ticked">${verdictIcon("pass", 18)}${t.start.done}</span>` : nothing}
  </button>`;
}

/** The time of today, the day of any other. */
export function when(seconds: number): string {
  const today = new Date().toDateString() === new Date(seconds * 1000).toDateString();
  return today ? timeOfDay(seconds) : day(seconds);
}
