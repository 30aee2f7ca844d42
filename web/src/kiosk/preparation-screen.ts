import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { counted, fill, texts } from "../shared/catalogue";
import { birthDate, listed, personName } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { capital, lowered } from "../shared/words";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { BodySite, Conditions, Preparation } from "../wire/protocol";
import { startVisit } from "./calls";
import { KioskScreen } from "./kiosk-screen";
import "./rest-timer";
import type { RestTimer } from "./rest-timer";
import type { Chosen } from "./start-screen";

/** What is known of the room; it holds for the next visit too. */
export type Room = Pick<Conditions, "room_c" | "humidity_pct">;

interface Range {
  name: keyof Room;
  least: number;
  most: number;
}
const TEMPERATURE: Range = { name: "room_c", least: -10, most: 60 };
const HUMIDITY: Range = { name: "humidity_pct", least: 0, most: 100 };

/** How the skin and the room are, before the pictures. */
@customElement("preparation-screen")
export class PreparationScreen extends KioskScreen {
  @property({ attribute: false }) chosen!: Chosen;
  @property({ attribute: false }) room!: Room;
  @state() private sending = false;
  @state() private problem = "";
  @state() private wrong: ReadonlySet<string> = new Set();

  static override styles = [
    shared,
    kiosk,
    css`
      .who {
        font-weight: 600;
        color: var(--text);
        overflow-wrap: anywhere;
      }
      form {
        display: grid;
        gap: 16px;
        margin-top: 16px;
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
        gap: 18px;
      }
      @media (max-width: 1000px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      .choices {
        margin-top: 10px;
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(170px, 1fr));
        gap: 10px;
      }
      .pair {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 14px;
        align-items: start;
        margin-top: 10px;
      }
      rest-timer {
        margin-top: 10px;
      }
      .who span {
        display: inline-block;
      }
      .hint {
        font-size: 0.875rem;
        margin-top: 4px;
      }
      [aria-invalid="true"] {
        border-color: var(--fail);
        box-shadow: inset 0 0 0 1px var(--fail);
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts();
    return html`<div class="screen narrow">
      <h1 tabindex="-1">${t.preparation.heading}</h1>
      <p class="lead"><span class="who">${who(this.chosen)}</span></p>
      <p class="muted">${this.#plan()}</p>
      <form @submit=${this.#start} autocomplete="off" novalidate>
        <fieldset class="card">
          <legend class="visually-hidden">${t.preparation.skin}</legend>
          <h2 aria-hidden="true">${t.preparation.skin}</h2>
          <div class="choices">${(["cleansed", "make_up", "unspecified"] as const).map((one) => this.#choice(one))}</div>
        </fieldset>
        <div class="columns">
          <section class="card" aria-labelledby="rest">
            <h2 id="rest">${t.preparation.rest}</h2>
            <rest-timer></rest-timer>
          </section>
          <section class="card" aria-labelledby="room">
            <h2 id="room">${t.preparation.room}</h2>
            <div class="pair">
              ${this.#number(TEMPERATURE, t.preparation.temperature)} ${this.#number(HUMIDITY, t.preparation.humidity)}
            </div>
          </section>
        </div>
        ${this.booth.protocol.sites.length === 0 ? nothing : this.#sites()}
        <label class="card"
          >${t.preparation.products}
          <textarea name="products" rows="2" maxlength="256" placeholder=${t.preparation.products_hint} spellcheck="false"></textarea>
          ${this.#complaint("products", t.preparation.products_wrong)}
        </label>
        ${this.problem === "" ? nothing : html`<p class="problem" role="alert">${said(this.problem)}</p>`}
        <div class="actions spread">
          <button type="button" class="big" data-action="back" ?disabled=${this.sending} @click=${this.#back}>${t.common.back}</button>
          <button class="primary big" data-action="start" ?disabled=${this.sending || this.booth.phase !== "ready"}>
            ${this.sending ? t.preparation.starting : t.preparation.start}
          </button>
        </div>
      </form>
    </div>`;
  }

  #plan(): string {
    const t = texts();
    const { views, recipe } = this.booth.protocol;
    return fill(t.preparation.plan, {
      views: capital(listed(views.map((view) => lowered(t.views[view])))),
      lights: listed(recipe.steps.map((step) => lowered(t.lights[step.light]))),
      pictures: counted(t.common.pictures, views.length * recipe.steps.length),
    });
  }

  #choice(one: Preparation): TemplateResult {
    const first = this.booth.protocol.preparation;
    return html`<label class="choice"
      ><input type="radio" name="preparation" value=${one} ?checked=${one === first} />${texts().preparations[one]}</label
    >`;
  }

  #sites(): TemplateResult {
    const { site, sites } = this.booth.protocol;
    const t = texts().preparation;
    return html`<label class="card"
      >${t.site}
      <select name="site">
        <option value="">${site === null ? t.site_untold : siteName(site)}</option>
        ${sites.map((one, at) => html`<option value=${at}>${siteName(one)}</option>`)}
      </select>
    </label>`;
  }

  #number(range: Range, label: string): TemplateResult {
    const wrong = this.wrong.has(range.name);
    const before = this.room[range.name];
    return html`<label
      >${label}<input
        name=${range.name}
        inputmode="decimal"
        autocomplete="off"
        aria-invalid=${wrong}
        value=${before === null ? "" : String(before)}
      />${this.#complaint(range.name, fill(texts().preparation.out_of_range, { least: range.least, most: range.most }))}</label
    >`;
  }

  #complaint(name: string, text: string): TemplateResult | typeof nothing {
    return this.wrong.has(name) ? html`<span class="problem hint" role="alert">${text}</span>` : nothing;
  }

  #back(): void {
    this.dispatchEvent(new CustomEvent("left"));
  }

  async #start(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const conditions = this.#conditions(form);
    if (conditions === null) {
      return;
    }
    this.sending = true;
    const { patient, worklist_key } = this.chosen;
    const preparation = String(form.get("preparation") ?? "unspecified") as Preparation;
    const at = String(form.get("site") ?? "");
    const site = at === "" ? null : Number(at);
    const answer = await startVisit({ patient, worklist_key, preparation, conditions, site });
    this.problem = answer.problem;
    this.sending = answer.problem === "";
    if (this.sending) {
      const { room_c, humidity_pct } = conditions;
      this.dispatchEvent(new CustomEvent<Room>("begun", { detail: { room_c, humidity_pct } }));
    }
  }

  /** What was entered; null, with complaints on the screen, if any of it cannot be. */
  #conditions(form: FormData): Conditions | null {
    const wrong = new Set<string>();
    const read = ({ name, least, most }: Range): number | null => {
      const text = String(form.get(name) ?? "").trim().replace(",", ".");
      const value = Number(text);
      if (text !== "" && !(value >= least && value <= most)) {
        wrong.add(name);
      }
      return text === "" ? null : value;
    };
    const products = String(form.get("products") ?? "").trim().replace(/\s+/g, " ");
    if (products.length > 256 || products.includes("\\")) {
      wrong.add("products");
    }
    const rest = this.renderRoot.querySelector<RestTimer>("rest-timer");
    const conditions = {
      acclimatised_min: rest?.rested() ?? null,
      room_c: read(TEMPERATURE),
      humidity_pct: read(HUMIDITY),
      products,
    };
    this.wrong = wrong;
    return wrong.size === 0 ? conditions : null;
  }
}

/** By its SNOMED CT code; a site that the catalogue lacks, as the protocol calls it. */
function siteName({ code, side }: BodySite): string {
  const { sites, sides } = texts().preparation;
  const called = (code.scheme === "SCT" ? (sites as Readonly<Record<string, string>>)[code.value] : undefined) ?? code.meaning;
  return side === null ? called : `${called}, ${sides[side]}`;
}

/** Name, number and date of birth, as far as they are known. */
function who({ patient }: Chosen): TemplateResult | string {
  const t = texts();
  const born = birthDate(patient.patient_birth_date);
  const parts = [patient.patient_id, born === "" ? "" : fill(t.start.born, { date: born })].filter((one) => one !== "");
  const name = personName(patient.patient_name) || (parts.length === 0 ? t.common.unnamed : "");
  return html`${name} ${parts.map((part, at) => html`${name !== "" || at > 0 ? " · " : ""}<span>${part}</span>`)}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "preparation-screen": PreparationScreen;
  }
}
