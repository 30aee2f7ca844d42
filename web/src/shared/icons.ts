import { svg, type SVGTemplateResult } from "lit";
import type { Light, Verdict } from "../wire/protocol";

const frame = (body: SVGTemplateResult, size = 20): SVGTemplateResult => svg`
  <svg width=${size} height=${size} viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6"
       stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${body}</svg>`;

const VERDICT_SHAPES: Record<Verdict, SVGTemplateResult> = {
  pass: svg`<circle cx="10" cy="10" r="8" fill="currentColor" stroke="none"/><path d="M6.4 10.3l2.4 2.4 4.8-5" stroke="var(--surface)" stroke-width="2"/>`,
  warn: svg`<path d="M10 2.2 18.6 17H1.4z" fill="currentColor" stroke="currentColor"/><path d="M10 8v3.6M10 14.2v.1" stroke="var(--surface)" stroke-width="2"/>`,
  fail: svg`<rect x="2.5" y="2.5" width="15" height="15" rx="4" fill="currentColor" stroke="none"/><path d="M7 7l6 6M13 7l-6 6" stroke="var(--surface)" stroke-width="2"/>`,
  unknown: svg`<circle cx="10" cy="10" r="7.2" stroke-dasharray="2.6 2.4"/><path d="M10 13.6v.1M8.2 7.9a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.6-.8 1.2"/>`,
};

/** A different shape for each verdict, so that colour is never the only sign. */
export const verdictIcon = (verdict: Verdict, size = 20): SVGTemplateResult =>
  frame(VERDICT_SHAPES[verdict], size);

const LIGHT_SHAPES: Record<Light, SVGTemplateResult> = {
  white: svg`<circle cx="10" cy="10" r="3.6"/><path d="M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M15.8 4.2l-1.4 1.4M5.6 14.4l-1.4 1.4"/>`,
  cross_polarised: svg`<circle cx="10" cy="10" r="8"/><path d="M10 3.5v13M3.5 10h13M6.8 4.6v10.8M13.2 4.6v10.8M4.6 6.8h10.8M4.6 13.2h10.8" stroke-width="1.2"/>`,
  parallel_polarised: svg`<circle cx="10" cy="10" r="8"/><path d="M10 3.5v13M6.8 4.6v10.8M13.2 4.6v10.8" stroke-width="1.4"/>`,
  uv: svg`<circle cx="10" cy="10" r="8"/><path d="M6.2 6.5v3.4a1.9 1.9 0 0 0 3.8 0V6.5M11.4 6.5l1.6 5.4 1.7-5.4" stroke-width="1.4"/>`,
  uncontrolled: svg`<rect x="2.5" y="4" width="15" height="12" rx="2.5"/><path d="M3 14l4-4 3.2 3 2.6-2.2L17 14"/>`,
};

export const lightIcon = (light: Light, size = 20): SVGTemplateResult => frame(LIGHT_SHAPES[light], size);

export const mark = (size = 26): SVGTemplateResult => svg`
  <svg width=${size} height=${size} viewBox="0 0 26 26" fill="none" aria-hidden="true">
    <rect x="1" y="1" width="24" height="24" rx="7" fill="var(--accent)"/>
    <path d="M6.5 9V7.6C6.5 7 7 6.5 7.6 6.5H9M17 6.5h1.4c.6 0 1.1.5 1.1 1.1V9M19.5 17v1.4c0 .6-.5 1.1-1.1 1.1H17M9 19.5H7.6c-.6 0-1.1-.5-1.1-1.1V17"
          stroke="var(--on-accent)" stroke-width="1.6" stroke-linecap="round"/>
    <ellipse cx="13" cy="13" rx="3.6" ry="4.6" stroke="var(--on-accent)" stroke-width="1.6"/>
  </svg>`;

export const backIcon = (): SVGTemplateResult => frame(svg`<path d="M12 4l-6 6 6 6"/>`, 18);
export const liveIcon = (): SVGTemplateResult =>
  frame(svg`<circle cx="10" cy="10" r="2.4" fill="currentColor" stroke="none"/><path d="M5.4 5.4a6.5 6.5 0 0 0 0 9.2M14.6 5.4a6.5 6.5 0 0 1 0 9.2"/>`, 18);
export const cameraIcon = (): SVGTemplateResult =>
  frame(svg`<rect x="2" y="5" width="16" height="11.5" rx="2.5"/><circle cx="10" cy="10.8" r="3.2"/><path d="M7 5l1-2h4l1 2"/>`, 20);
export const clockIcon = (size = 16): SVGTemplateResult =>
  frame(svg`<circle cx="10" cy="10" r="7.6"/><path d="M10 5.8V10l2.8 2"/>`, size);
export const infoIcon = (): SVGTemplateResult =>
  frame(svg`<circle cx="10" cy="10" r="8"/><path d="M10 9.2v4.4M10 6.3v.1"/>`, 16);
