/** Drawings that show where the face should be and how the head should be turned. */

import { svg, type SVGTemplateResult } from "lit";
import type { Guide } from "../wire/booth";
import type { View } from "../wire/protocol";

/** Half the height of a head's outline, by the width of its face box. */
const HALF_HEIGHT = 0.62;
const HALF_WIDTH = 0.46;

/** An outline of the head with its midline and the line of the eyes, in a picture 100 high and 100 x `aspect` wide. */
export function faceGuide(guide: Guide, aspect: number): SVGTemplateResult {
  const [x, y, size] = [100 * aspect * guide.x, 100 * guide.y, 100 * guide.size];
  const [across, down] = [HALF_WIDTH * size, HALF_HEIGHT * size];
  const bow = Math.sin((guide.yaw * Math.PI) / 180) * across;
  const nod = -Math.sin((guide.pitch * Math.PI) / 180) * down * 0.6;
  const eyes = y - 0.12 * down;
  return svg`<g transform="rotate(${guide.roll} ${x} ${y})" stroke-width="0.7">
    <ellipse cx=${x} cy=${y} rx=${across} ry=${down} stroke-width="0.9"/>
    <g stroke-dasharray="1.6 2.4" opacity="0.85">
      <path d="M${x} ${y - down} Q${x + 2 * bow} ${y} ${x} ${y + down}"/>
      <path d="M${x - across} ${eyes} Q${x} ${eyes + 2 * nod} ${x + across} ${eyes}"/>
    </g>
  </g>`;
}

const TURNS: Record<View, number> = { front: 0, left_45: 45, right_45: -45, neck: 0, unspecified: 0 };

/** The head from above, nose towards the camera below it, turned as the view asks; for the neck from its side. */
export function turnPictogram(view: View): SVGTemplateResult {
  return svg`<svg viewBox="0 0 80 80" width="92" height="92" fill="none" stroke="currentColor" stroke-width="3"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${view === "neck" ? chinUp() : fromAbove(TURNS[view])}</svg>`;
}

function fromAbove(degrees: number): SVGTemplateResult {
  return svg`
    <g transform="rotate(${degrees} 40 30)">
      <ellipse cx="40" cy="30" rx="17" ry="20"/>
      <path d="M36 50l4 7 4-7"/>
      <path d="M23 28c-4 0-5 6-1 8M57 28c4 0 5 6 1 8"/>
    </g>
    <rect x="31" y="68" width="18" height="9" rx="2.5" fill="currentColor" stroke="none"/>
    <rect x="37" y="64" width="6" height="5" fill="currentColor" stroke="none"/>`;
}

function chinUp(): SVGTemplateResult {
  return svg`
    <path d="M50 10c-16-2-27 8-27 22 0 3 1 5 1 5l-6 4 6 3c0 6 3 9 9 8l8-3"/>
    <path d="M41 49c2 8 0 16-3 24M60 40c0 12 3 24 8 33"/>
    <path d="M12 62V46m-5 6 5-6 5 6"/>`;
}
