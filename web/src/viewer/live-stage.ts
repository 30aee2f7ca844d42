import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { drawOverlay, prepareOverlay, type OverlayView } from "../overlay/renderer";
import { fill, texts } from "../shared/catalogue";
import { cameraIcon } from "../shared/icons";
import { DEFAULT_VIEW } from "../shared/layer-panel";
import { shared } from "../styles/shared";
import type { PreviewOverlay } from "../wire/protocol";
import { FrameGrabber } from "./grabber";
import { FramePairing, type ShownFrame, type Sync } from "./pairing";
import { WhepPlayer, type WhepListener, type WhepStatus } from "./whep";
import { stageStyles } from "./stage-styles";
import { ZoomableStage } from "./zoomable";

/** How the live picture is doing, over the last seconds. */
export interface LiveFigures {
  framesPerSecond: number;
  /** Share of the shown frames that carried their own overlay. */
  match: number;
  model: string;
  modelMs: number;
}

const WINDOW_MS = 3000;

/** Live picture of a booth with its overlays; it can be frozen, enlarged and saved. */
@customElement("live-stage")
export class LiveStage extends ZoomableStage implements WhepListener {
  @property() booth = "";
  @property({ attribute: false }) view: OverlayView = DEFAULT_VIEW;
  /** `exact`: every frame with its own overlay. `now`: every frame at once, under the newest overlay. */
  @property() sync: Sync = "exact";
  @state() private status: WhepStatus = "connecting";
  @state() private frozen = false;
  @query("video") private readonly video!: HTMLVideoElement;
  @query("canvas") protected override readonly canvas!: HTMLCanvasElement;
  readonly #pairing = new FramePairing();
  readonly #grabber = new FrameGrabber();
  #player: WhepPlayer | null = null;
  #shown: ShownFrame | null = null;
  #history: { at: number; matched: boolean }[] = [];
  #callback = 0;
  #timer: number | undefined;
  #figures: LiveFigures = { framesPerSecond: 0, match: 0, model: "", modelMs: 0 };

  static override styles = [
    shared,
    stageStyles,
    css`
      :host {
        position: relative;
        background: var(--stage);
        border-radius: var(--radius);
        overflow: hidden;
        aspect-ratio: 16 / 9;
      }
      video {
        position: absolute;
        width: 1px;
        height: 1px;
        opacity: 0;
      }
      .status {
        justify-items: center;
        gap: 10px;
        background: rgb(6 8 10 / 55%);
      }
    `,
  ];

  override render(): TemplateResult {
    const t = texts().viewer.live;
    const label = fill(t.picture, { id: this.booth });
    return html`
      <video muted playsinline autoplay aria-hidden="true"></video>
      ${this.stage(label, html`<canvas width="1280" height="720" role="img" aria-label=${label}></canvas>`)}
      ${this.status === "playing"
        ? nothing
        : html`<div class="status" role="status">${cameraIcon()}<span>${t[this.status]}</span></div>`}
      <div class="tools" role="toolbar" aria-label=${t.tools}>
        <button data-action="freeze" aria-pressed=${this.frozen} @click=${this.#freeze}>${t.freeze}</button>
        <button data-action="snapshot" @click=${this.#save}>${t.save}</button>
        ${this.zoomButtons()}
      </div>
    `;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if ((changed.has("booth") || changed.has("sync")) && this.booth !== "") {
      this.#stop();
      this.#pairing.sync = this.sync;
      this.#player = new WhepPlayer(`/whep/${encodeURIComponent(this.booth)}?sync=${this.sync}`, this);
      this.#timer = window.setInterval(() => this.#tick(), 40);
    }
    if (changed.has("view")) {
      this.#draw();
    }
  }

  onTrack(stream: MediaStream): void {
    this.video.srcObject = stream;
    void this.video.play().catch(() => undefined);
    this.video.cancelVideoFrameCallback(this.#callback);
    this.#grabber.restart();
    this.#next();
  }

  onOverlay(message: PreviewOverlay): void {
    void prepareOverlay(message.overlay).then((overlay) => {
      if (this.#player === null) {
        return;
      }
      this.#figures.model = message.overlay.model;
      this.#figures.modelMs = message.overlay.inference_ms;
      this.#pairing.addOverlay(message.rtp_timestamp, overlay, performance.now());
      this.#tick();
    });
  }

  onStatus(status: WhepStatus): void {
    this.status = status;
  }

  #next(): void {
    this.#callback = this.video.requestVideoFrameCallback((_now, metadata) => {
      this.#next();
      const frame = this.#grabber.grab(this.video, metadata.mediaTime);
      if (frame !== null) {
        const arrivedAt = performance.now();
        this.#pairing.addFrame({ rtpTimestamp: metadata.rtpTimestamp ?? -1, arrivedAt, frame });
        this.#tick();
      }
    });
  }

  #tick(): void {
    const now = performance.now();
    const found = this.#pairing.take(now);
    if (found === null) {
      return;
    }
    this.#count(now, found.own);
    if (this.frozen) {
      found.frame.close();
      return;
    }
    this.#shown?.frame.close();
    this.#shown = found;
    this.#draw();
  }

  #freeze(): void {
    this.frozen = !this.frozen;
  }

  /** Saves what is seen, overlay included, as PNG. */
  #save(): void {
    this.canvas.toBlob((picture) => {
      if (picture !== null) {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(picture);
        link.download = `${this.booth} ${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.png`;
        link.click();
        URL.revokeObjectURL(link.href);
      }
    });
  }

  #draw(): void {
    const context = this.canvas?.getContext("2d");
    if (!context || this.#shown === null) {
      return;
    }
    const { frame, overlay } = this.#shown;
    if (this.canvas.width !== frame.displayWidth || this.canvas.height !== frame.displayHeight) {
      this.canvas.width = frame.displayWidth;
      this.canvas.height = frame.displayHeight;
    }
    context.drawImage(frame, 0, 0, this.canvas.width, this.canvas.height);
    if (overlay !== null) {
      drawOverlay(context, overlay, this.view);
    }
    this.canvas.dataset["overlay"] = String(overlay !== null);
  }

  #count(now: number, matched: boolean): void {
    this.#history.push({ at: now, matched });
    this.#history = this.#history.filter(({ at }) => now - at < WINDOW_MS);
    this.#figures.framesPerSecond = (this.#history.length * 1000) / WINDOW_MS;
    this.#figures.match = this.#history.filter((one) => one.matched).length / this.#history.length;
    this.canvas.dataset["match"] = this.#figures.match.toFixed(3);
    this.dispatchEvent(new CustomEvent<LiveFigures>("figures", { detail: { ...this.#figures } }));
  }

  #stop(): void {
    window.clearInterval(this.#timer);
    this.video?.cancelVideoFrameCallback(this.#callback);
    this.#player?.close();
    this.#player = null;
    this.#pairing.clear();
    this.#shown?.frame.close();
    this.#shown = null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "live-stage": LiveStage;
  }
}
