import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { CATALOGUES, Localised, texts } from "../shared/catalogue";
import { mark } from "../shared/icons";
import "../shared/language-switch";
import type { LiveSocket } from "../shared/live-socket";
import "../shared/research-note";
import { shared } from "../styles/shared";
import type { Notice, SessionInfo } from "../wire/server";
import { ApiError, get, post, remove, sentence } from "./api";
import "./booth-page";
import "./booth-wall";
import { NOBODY, type Presence } from "./presence";
import { serverEvents } from "./events";
import "./outbox-page";
import "./sign-in";
import "./visit-list";
import "./visit-page";

interface Refreshable extends Element {
  refresh?(): Promise<void>;
  study?: string;
}

const REFRESH_MS = 400;

/** The viewer: signs in, and shows the page that the address names. */
@customElement("viewer-app")
export class ViewerApp extends Localised {
  @state() private session: "unknown" | "out" | "in" = "unknown";
  @state() private problem = "";
  @state() private route: readonly string[] = [];
  @state() private presence: Presence = NOBODY;
  @state() private away = false;
  @query("main > *:first-child") private readonly page!: Refreshable | null;
  #events: LiveSocket | null = null;
  #refresh: number | undefined;

  static override styles = [
    shared,
    css`
      :host {
        min-height: 100vh;
      }
      .frame {
        min-height: 100vh;
        display: grid;
        grid-template-rows: auto auto 1fr auto;
      }
      .top {
        position: sticky;
        top: 0;
        z-index: 2;
        display: flex;
        align-items: center;
        gap: 20px;
        padding: 8px 24px;
        background: var(--surface);
        border-bottom: 1px solid var(--line);
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 10px;
        font-weight: 700;
        letter-spacing: -0.01em;
        color: inherit;
        text-decoration: none;
        font-size: 1.0625rem;
      }
      nav {
        display: flex;
        gap: 4px;
        flex: 1;
      }
      nav a {
        color: var(--muted);
        text-decoration: none;
        font-weight: 600;
        padding: 10px 14px;
        border-radius: var(--radius-small);
      }
      nav a:hover {
        background: var(--sunken);
      }
      nav a[aria-current="page"] {
        color: var(--accent);
        background: var(--accent-soft);
      }
      .away {
        background: var(--warn-soft);
        color: var(--warn);
        font-weight: 600;
        font-size: 0.875rem;
        text-align: center;
        padding: 8px;
      }
      main {
        padding: 24px;
        width: 100%;
        max-width: 1440px;
        margin: 0 auto;
        min-width: 0;
      }
      main:focus-visible {
        outline: none;
      }
      .skip {
        position: absolute;
        left: 16px;
        top: -60px;
        z-index: 3;
      }
      .skip:focus {
        top: 8px;
      }
      language-switch,
      .top > .quiet {
        flex: none;
      }
      @media (max-width: 800px) {
        .top {
          gap: 12px;
          padding: 8px 16px;
        }
        .top > .quiet {
          padding: 0 8px;
        }
      }
      footer {
        border-top: 1px solid var(--line);
        padding: 14px 24px;
      }
      footer > * {
        max-width: 1392px;
        margin: 0 auto;
      }
      .wait {
        display: grid;
        place-content: center;
        min-height: 100vh;
      }
      @media (max-width: 640px) {
        main {
          padding: 16px;
        }
        .top {
          padding: 8px 16px;
          gap: 8px;
        }
        .brand span {
          display: none;
        }
        nav a {
          padding: 10px 8px;
        }
        .top > .quiet {
          padding: 0 4px;
        }
      }
      @media (max-width: 480px) {
        .top {
          flex-wrap: wrap;
          justify-content: space-between;
        }
        nav {
          order: 1;
          flex-basis: 100%;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#follow);
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#follow);
    this.#events?.close();
  }

  override render(): TemplateResult {
    const t = texts().viewer;
    if (this.session === "unknown") {
      return html`<p class="wait muted" role="status">${t.opening}</p>`;
    }
    if (this.session === "out") {
      return html`<sign-in .problem=${this.problem} @signed-in=${this.#enter}></sign-in>`;
    }
    const [section = "booths"] = this.route;
    return html`<div class="frame">
      <header class="top">
        <button class="skip primary" @click=${this.#skip}>${t.nav.skip}</button>
        <a class="brand" href="#/booths" aria-label="dermabooth">${mark()}<span>dermabooth</span></a>
        <nav aria-label=${t.nav.main}>${tab("booths", t.nav.booths, section)}${tab("visits", t.nav.visits, section)}${tab("outbox", t.nav.outbox, section)}</nav>
        <language-switch></language-switch>
        <button class="quiet" data-action="sign-out" @click=${this.#leave}>${t.nav.sign_out}</button>
      </header>
      <div>${this.away ? html`<div class="away" role="status">${t.away}</div>` : nothing}</div>
      <main id="main" tabindex="-1">${this.#content(section, this.route[1] ?? "")}</main>
      <footer><research-note></research-note></footer>
    </div>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const [section = "booths", name = ""] = this.route;
    const { nav } = texts().viewer;
    const place = section === "visits" || section === "outbox" ? nav[section] : name || nav.booths;
    document.title = `${place} · dermabooth`;
  }

  #skip(): void {
    this.renderRoot.querySelector<HTMLElement>("#main")?.focus();
  }

  #content(section: string, name: string): TemplateResult {
    if (section === "visits") {
      return name === "" ? html`<visit-list></visit-list>` : html`<visit-page .study=${name}></visit-page>`;
    }
    if (section === "outbox") {
      return html`<outbox-page></outbox-page>`;
    }
    return name === ""
      ? html`<booth-wall .presence=${this.presence}></booth-wall>`
      : html`<booth-page
          .booth=${name}
          .preview=${this.presence.previews[name] ?? null}
          .judged=${this.presence.judged[name] ?? null}
        ></booth-page>`;
  }

  async #begin(): Promise<void> {
    const code = new URLSearchParams(location.hash.slice(1)).get("code");
    try {
      if (code !== null) {
        history.replaceState(null, "", location.pathname);
        await post<SessionInfo>("/api/session", { code });
      } else {
        await get<SessionInfo>("/api/session");
      }
      this.#enter();
    } catch (error) {
      const quiet = code === null && error instanceof ApiError && error.signedOut;
      this.problem = quiet ? "" : sentence(error);
      this.session = "out";
    }
  }

  #enter(): void {
    this.session = "in";
    this.problem = "";
    this.#follow();
    this.#events?.close();
    this.#events = serverEvents(
      (notice) => this.#note(notice),
      (connected) => void this.#connection(connected),
    );
  }

  async #leave(): Promise<void> {
    this.#events?.close();
    this.#events = null;
    await remove("/api/session").catch(() => undefined);
    this.away = false;
    this.session = "out";
  }

  /**
   * What changed before the events came, at first or after a break, is told by nobody: look again then.
   * After a break the session may have ended: then ask again instead of trying for ever.
   */
  async #connection(connected: boolean): Promise<void> {
    this.away = !connected;
    if (connected) {
      void this.page?.refresh?.();
    }
    if (!connected) {
      try {
        await get<SessionInfo>("/api/session");
      } catch (error) {
        if (error instanceof ApiError && error.signedOut) {
          this.#events?.close();
          this.problem = CATALOGUES.en.viewer.session_ended;
          this.session = "out";
        }
      }
    }
  }

  readonly #follow = (): void => {
    const parts = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
    this.route = parts[0] === "" ? ["booths"] : parts;
  };

  #note(notice: Notice): void {
    if (notice.type === "LiveState") {
      this.presence = { connected: notice.connected, previews: notice.previews, judged: notice.judged };
      return;
    }
    if (notice.type === "BoothSeen") {
      const connected = { ...this.presence.connected, [notice.booth_id]: notice.connected };
      this.presence = { ...this.presence, connected };
    }
    this.#lookAgain("study_instance_uid" in notice ? notice.study_instance_uid : "");
  }

  /** Refreshes the page once after a burst of events, if they are about what it shows. */
  #lookAgain(study: string): void {
    const shown = this.page?.study;
    if (shown !== undefined && shown !== study) {
      return;
    }
    this.#refresh ??= window.setTimeout(() => {
      this.#refresh = undefined;
      void this.page?.refresh?.();
    }, REFRESH_MS);
  }
}

/** A part of the address; as it stands if it is not encoded as an address should be. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function tab(name: string, label: string, current: string): TemplateResult {
  return html`<a href="#/${name}" aria-current=${name === current ? "page" : "false"}>${label}</a>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "viewer-app": ViewerApp;
  }
}
