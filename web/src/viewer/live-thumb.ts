import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { WhepPlayer, type WhepListener, type WhepStatus } from "./whep";

/** The live picture of a booth, small and without overlays; it plays only while it is in sight, and shows nothing else. */
@customElement("live-thumb")
export class LiveThumb extends LitElement implements WhepListener {
  @property() booth = "";
  @query("video") private readonly video!: HTMLVideoElement;
  #player: WhepPlayer | null = null;
  readonly #sight = new IntersectionObserver((entries) => this.#see(entries.at(-1)?.isIntersecting ?? false));

  static override styles = css`
    video {
      width: 100%;
      height: 100%;
      object-fit: cover;
      object-position: 50% 30%;
      opacity: 0;
      transition: opacity 200ms;
    }
    video[data-playing] {
      opacity: 1;
    }
  `;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sight.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sight.disconnect();
    this.#see(false);
  }

  override render(): TemplateResult {
    return html`<video muted playsinline autoplay aria-hidden="true" tabindex="-1"></video>`;
  }

  onTrack(stream: MediaStream): void {
    this.video.srcObject = stream;
    this.video.requestVideoFrameCallback(() => (this.video.dataset["playing"] = "true"));
    void this.video.play().catch(() => undefined);
  }

  onStatus(status: WhepStatus): void {
    if (status !== "playing") {
      delete this.video?.dataset["playing"];
    }
  }

  #see(inSight: boolean): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (inSight && !still) {
      this.#player ??= new WhepPlayer(`/whep/${encodeURIComponent(this.booth)}?sync=now`, this);
    } else {
      this.#player?.close();
      this.#player = null;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "live-thumb": LiveThumb;
  }
}
