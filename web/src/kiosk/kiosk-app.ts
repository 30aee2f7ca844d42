import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { OverlayView } from "../overlay/renderer";
import { mark } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import "../shared/layer-panel";
import "../shared/research-note";
import { LIGHTS, sentence } from "../shared/words";
import { shared } from "../styles/shared";
import type { BoothState, UplinkStatus } from "../wire/booth";
import { Feed, type FeedListener, type LivePicture } from "./feed";
import "./live-picture";
import "./quality-lights";
import "./visit-panel";

/** The page of one booth. */
@customElement("kiosk-app")
export class KioskApp extends LitElement implements FeedListener {
  @state() private booth: BoothState | null = null;
  @state() private picture: LivePicture | null = null;
  @state() private connected = false;
  @state() private view: OverlayView = DEFAULT_VIEW;
  #feed: Feed | null = null;

  static override styles = [
    shared,
    css`
      :host {
        min-height: 100vh;
        display: grid;
        grid-template-rows: auto 1fr;
      }
      .top {
        display: flex;
        align-items: center;
        gap: 12px;
        padding: 12px 20px;
        background: var(--surface);
        border-bottom: 1px solid var(--line);
      }
      .top h1 {
        font-size: 1.0625rem;
      }
      .link {
        margin-left: auto;
        display: flex;
        align-items: center;
        gap: 8px;
        font-size: 0.875rem;
        color: var(--muted);
        text-align: right;
      }
      .dot {
        width: 10px;
        height: 10px;
        border-radius: 50%;
        background: var(--warn);
        flex: none;
      }
      .dot.on {
        background: var(--pass);
      }
      main {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 372px;
        gap: 16px;
        padding: 16px 20px 12px;
        align-items: start;
      }
      .left,
      .right {
        display: grid;
        gap: 14px;
      }
      .fault {
        border-color: var(--fail);
        background: var(--fail-soft);
        color: var(--fail);
        font-weight: 600;
      }
      .layers {
        padding: 8px 14px 4px;
      }
      @media (max-width: 1100px) {
        main {
          grid-template-columns: minmax(0, 1fr) 336px;
          padding: 12px;
          gap: 12px;
        }
      }
      @media (max-width: 820px) {
        main {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#feed = new Feed(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#feed?.close();
  }

  onState(booth: BoothState): void {
    this.booth = booth;
    document.title = `${booth.booth_id} · dermabooth`;
    if (withoutCamera(booth)) {
      this.picture = null;
    }
  }

  onPicture(picture: LivePicture): void {
    if (this.booth !== null && withoutCamera(this.booth)) {
      picture.picture.close();
    } else {
      this.picture = picture;
    }
  }

  onConnected(connected: boolean): void {
    this.connected = connected;
    if (!connected) {
      this.picture = null;
    }
  }

  override render(): TemplateResult {
    const booth = this.booth;
    return html`
      <header class="top">
        ${mark()}
        <h1>${booth === null ? "dermabooth" : `Booth ${booth.booth_id}`}</h1>
        <div class="link" role="status">${booth === null ? nothing : uplink(booth.uplink)}</div>
      </header>
      <main>
        <section class="left" aria-label="Live picture">
          ${this.#fault()}
          <live-picture
            .picture=${this.picture}
            .view=${this.view}
            .banner=${this.#banner()}
            .waiting=${this.#waiting()}
          ></live-picture>
          <layer-panel
            class="card layers"
            live
            compact
            .view=${this.view}
            @view-changed=${(event: CustomEvent<OverlayView>) => (this.view = event.detail)}
          ></layer-panel>
          <research-note></research-note>
        </section>
        <aside class="right" aria-label="Visit">
          ${booth === null ? nothing : html`<visit-panel class="card" .booth=${booth}></visit-panel>`}
          ${booth?.phase === "shooting"
            ? nothing
            : html`<quality-lights class="card" .report=${this.picture?.header.hints ?? null}></quality-lights>`}
        </aside>
      </main>
    `;
  }

  #fault(): TemplateResult | typeof nothing {
    if (!this.connected && this.booth !== null) {
      return html`<div class="card fault" role="alert">The booth’s program does not answer. Trying again…</div>`;
    }
    const problem = this.booth?.problem ?? "";
    if (problem === "" || this.booth?.phase === "starting") {
      return nothing;
    }
    return html`<div class="card fault" role="alert">${sentence(problem)}</div>`;
  }

  #waiting(): string {
    if (!this.connected) {
      return "The booth’s program does not answer. Trying again…";
    }
    const preparing = this.booth?.phase === "starting" ? this.booth.problem : "";
    return preparing === "" ? "Waiting for the camera…" : sentence(preparing);
  }

  #banner(): string {
    const light = this.booth?.visit?.stills.find((still) => still.stage === "lighting")?.light;
    return this.booth?.phase === "shooting" && light !== undefined
      ? `${LIGHTS[light]} light. Hold still`
      : "";
  }
}

function uplink(status: UplinkStatus): TemplateResult {
  const waiting = status.pending === 0 ? "" : `, ${status.pending} ${status.pending === 1 ? "picture" : "pictures"} to send`;
  const text =
    status.refused !== ""
      ? `Turned away by the server: ${status.refused}`
      : status.connected
        ? `Server connected${waiting}`
        : `Server away: pictures stay safe on this booth${waiting}`;
  if (status.parked > 0) {
    return html`<span class="dot"></span><span>${parked(status)}</span>`;
  }
  return html`<span class="dot ${status.connected ? "on" : ""}"></span><span>${text}</span>`;
}

/** Whether any picture is an old one. */
function withoutCamera(booth: BoothState): boolean {
  return booth.phase === "fault" || booth.phase === "starting";
}

function parked(status: UplinkStatus): string {
  const what = status.parked === 1 ? "1 picture or visit is" : `${status.parked} pictures or visits are`;
  return `${what} kept on this booth because the server does not take them: ${status.parked_because}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "kiosk-app": KioskApp;
  }
}
