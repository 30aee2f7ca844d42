import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { counted, fill, Localised, texts } from "../shared/catalogue";
import { birthDate, personName } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { mark, verdictIcon } from "../shared/icons";
import "../shared/language-switch";
import { kiosk } from "../styles/kiosk";
import { shared } from "../styles/shared";
import type { BoothState } from "../wire/booth";
import { Feed, type FeedListener, type LivePicture } from "./feed";
import "./framing-screen";
import { KioskScreen } from "./kiosk-screen";
import { PAGES } from "./pages";
import { Pictures } from "./pictures";
import "./preparation-screen";
import type { Room } from "./preparation-screen";
import "./review-screen";
import { openVisit, screenOf, type ScreenName } from "./screen";
import "./sequence-screen";
import { shellStyles } from "./shell-styles";
import "./start-screen";
import "./stop-visit";
import type { Chosen } from "./start-screen";
import { uplinkText } from "./uplink";

/** The page of one booth: shows the screen that its state asks for. */
@customElement("kiosk-app")
export class KioskApp extends Localised implements FeedListener {
  @state() private booth: BoothState | null = null;
  @state() private connected = false;
  @state() private chosen: Chosen | null = null;
  /** A page beside the visit; empty: the visit. */
  @state() private page = "";
  @query("main") private readonly main!: HTMLElement;
  readonly #pictures = new Pictures();
  #room: Room = { room_c: null, humidity_pct: null };
  #feed: Feed | null = null;
  #shown = "";

  static override styles = [shared, kiosk, shellStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#feed = new Feed(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#feed?.close();
    this.#pictures.put(null);
  }

  onState(booth: BoothState): void {
    this.booth = booth;
    document.title = `${booth.booth_id} · dermabooth`;
    if (openVisit(booth) !== null) {
      this.chosen = null;
      this.page = "";
    }
    if (withoutCamera(booth)) {
      this.#pictures.put(null);
    }
  }

  onPicture(picture: LivePicture): void {
    if (this.booth !== null && withoutCamera(this.booth)) {
      picture.picture.close();
    } else {
      this.#pictures.put(picture);
    }
  }

  onConnected(connected: boolean): void {
    this.connected = connected;
    if (!connected) {
      this.#pictures.put(null);
    }
  }

  override render(): TemplateResult {
    const booth = this.booth;
    return html`
      <header>
        ${mark(32)}
        <p class="name">${booth === null ? "dermabooth" : fill(texts().shell.title, { id: booth.booth_id })}</p>
        ${booth === null ? nothing : (this.#patient(booth) ?? this.#navigation())}
        <div class="end">
          ${booth === null ? nothing : uplink(booth)}
          ${openVisit(booth) === null ? nothing : html`<stop-visit></stop-visit>`}
          <language-switch></language-switch>
        </div>
      </header>
      <main>
        ${this.connected || booth === null
          ? nothing
          : html`<p class="notice fail away" role="alert">${verdictIcon("fail")}<span>${texts().common.no_answer}</span></p>`}
        ${booth === null ? this.#quiet(this.connected ? texts().shell.waiting : texts().common.no_answer) : this.#screen(booth)}
      </main>
    `;
  }

  /** A new screen begins at its heading, for those who do not see it change. */
  protected override updated(_changed: PropertyValues): void {
    const shown = `${this.page} ${this.#name}`;
    if (shown !== this.#shown) {
      const first = this.#shown === "" || this.#shown === " waiting";
      this.#shown = shown;
      scrollTo(0, 0);
      if (!first) {
        void this.#focusHeading();
      }
    }
  }

  async #focusHeading(): Promise<void> {
    const screen = [...this.main.children].find((child) => child instanceof KioskScreen);
    if (screen instanceof KioskScreen) {
      await screen.focusHeading();
    } else {
      this.main.querySelector("h1")?.focus();
    }
  }

  get #name(): ScreenName {
    return screenOf(this.booth, this.chosen !== null);
  }

  #screen(booth: BoothState): TemplateResult {
    const page = PAGES.find((one) => one.name === this.page);
    if (page !== undefined) {
      return page.render(booth, this.#pictures);
    }
    const t = texts().shell;
    switch (this.#name) {
      case "framing":
        return html`<framing-screen .booth=${booth} .pictures=${this.#pictures}></framing-screen>`;
      case "sequence":
        return html`<sequence-screen .booth=${booth}></sequence-screen>`;
      case "review":
        return html`<review-screen .booth=${booth}></review-screen>`;
      case "preparation":
        return html`<preparation-screen
          .booth=${booth}
          .chosen=${this.chosen as Chosen}
          .room=${this.#room}
          @left=${() => (this.chosen = null)}
          @begun=${(event: CustomEvent<Room>) => (this.#room = event.detail)}
        ></preparation-screen>`;
      case "start":
        return html`<start-screen .booth=${booth} @chosen=${(event: CustomEvent<Chosen>) => (this.chosen = event.detail)}></start-screen>`;
      case "fault":
        return this.#fault(booth);
      default:
        return this.#quiet(t.starting, booth.problem === "" ? t.starting_detail : said(booth.problem));
    }
  }

  #quiet(heading: string, detail: unknown = ""): TemplateResult {
    return html`<div class="screen quiet">
      <h1 tabindex="-1">${heading}</h1>
      <p class="lead" role="status">${detail}</p>
    </div>`;
  }

  #fault(booth: BoothState): TemplateResult {
    const t = texts().shell;
    return html`<div class="screen quiet">
      <h1 tabindex="-1">${t.fault}</h1>
      <p class="notice fail" role="alert">${verdictIcon("fail", 28)}<span>${said(booth.problem)}</span></p>
      <p class="lead">${t.fault_detail}</p>
      <button class="big" @click=${() => (this.page = "state")}>${texts().booth.heading}</button>
    </div>`;
  }

  /** Who is in the booth; undefined between visits. */
  #patient(booth: BoothState): TemplateResult | undefined {
    const patient = openVisit(booth)?.patient;
    if (patient === undefined) {
      return undefined;
    }
    const t = texts();
    const name = personName(patient.patient_name);
    const born = birthDate(patient.patient_birth_date);
    const about = [patient.patient_id, born === "" ? "" : fill(t.start.born, { date: born })].filter((one) => one !== "");
    return html`<p class="patient">
      <strong>${name || (about.length === 0 ? t.common.unnamed : "")}</strong> <span>${about.map((one, at) => html`${at > 0 ? " · " : ""}<span>${one}</span>`)}</span>
    </p>`;
  }

  #navigation(): TemplateResult {
    const t = texts().shell;
    const entry = (name: string, label: string): TemplateResult =>
      html`<button
        class="quiet"
        data-page=${name}
        aria-current=${this.page === name ? "page" : nothing}
        @click=${() => (this.page = name)}
      >
        ${label}
      </button>`;
    return html`<nav aria-label=${t.pages}>${entry("", t.visit)} ${PAGES.map((page) => entry(page.name, page.label()))}</nav>`;
  }
}

/** The connection to the server, and what waits for it. */
function uplink(booth: BoothState): TemplateResult {
  const { verdict, text } = uplinkText(booth.uplink);
  const { pending } = booth.uplink;
  return html`<p class="uplink ${pending === 0 ? verdict : ""}" role="status">
    <span class="dot ${verdict}">${verdictIcon(verdict, 18)}</span>
    <span class="said">${text}${pending === 0 ? nothing : html`<span class="pending">${counted(texts().shell.pending, pending)}</span>`}</span>
  </p>`;
}

/** Whether any picture is an old one. */
function withoutCamera(booth: BoothState): boolean {
  return booth.phase === "fault" || booth.phase === "starting";
}

declare global {
  interface HTMLElementTagNameMap {
    "kiosk-app": KioskApp;
  }
}
