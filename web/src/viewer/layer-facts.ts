/** What measures say of the layers of a picture: their figures, and why some are missing. */

import { LIGHTS, quantity } from "../shared/words";
import type { Layer, Measure } from "../wire/protocol";
import type { StillInfo, StillMeasures } from "../wire/server";

const FACE = "face";
const SCALE = /^([\d.]+) px\/mm, needs (\d+)$/;

/** The measure that a layer stands or falls with. */
const PRINCIPAL: ReadonlyMap<Layer, string> = new Map<Layer, string>([
  ["melanin", "melanin"],
  ["redness", "redness_area"],
  ["reflection", "shine_area"],
  ["spots", "spots_area"],
  ["trouble", "trouble_area"],
  ["wrinkles", "wrinkles_area"],
  ["pores", "pores_area"],
  ["severity", "acne_severity"],
  ["acne", "acne_probability"],
  ["porphyrin", "porphyrins_area"],
  ["uv_spots", "uv_spots_area"],
]);

/** The figure of every layer that has one, of the whole face, with its unit. */
export function layerFigures(measures: readonly Measure[]): ReadonlyMap<Layer, string> {
  const figures = new Map<Layer, string>();
  for (const [layer, name] of PRINCIPAL) {
    const value = told(measures, name);
    if (value !== undefined) {
      figures.set(layer, figure(layer, name, value, measures));
    }
  }
  return figures;
}

function figure(layer: Layer, name: string, value: Measure, measures: readonly Measure[]): string {
  const amount = value.value ?? 0;
  if (layer === "severity") {
    return `Grade ${amount} of 4`;
  }
  if (layer === "acne") {
    return `${Math.round(100 * amount)}\u202f% for acne`;
  }
  const printed = quantity(amount, value.unit);
  if (!name.endsWith("_area")) {
    return `Mean ${printed}`;
  }
  const count = told(measures, name.replace(/area$/, "count"))?.value;
  return count === undefined || count === null ? `${printed} of the skin` : `${count} found, ${printed} of the skin`;
}

function told(measures: readonly Measure[], name: string): Measure | undefined {
  return measures.find((one) => one.name === name && one.region === FACE && one.value !== null);
}

/** Why layers of a picture are missing, or which picture of the same view has them. */
export function whyMissing(
  still: StillInfo,
  stills: readonly StillInfo[],
  measures: readonly StillMeasures[],
): ReadonlyMap<Layer, string> {
  const reasons = new Map<Layer, string>();
  const others = stills.filter((one) => one.view === still.view && one !== still);
  for (const [layer, name] of PRINCIPAL) {
    const own = refusal(still, name, measures);
    const holder = others.find((one) => one.layers.includes(layer));
    const refused = others.find((one) => refusal(one, name, measures) !== "");
    if (own !== "") {
      reasons.set(layer, capital(own));
    } else if (holder !== undefined) {
      reasons.set(layer, `In the ${LIGHTS[holder.light].toLowerCase()} picture`);
    } else if (refused !== undefined) {
      reasons.set(layer, `${LIGHTS[refused.light]} picture: ${refusal(refused, name, measures)}`);
    }
  }
  return reasons;
}

/** Why a measure of a picture has no value; empty: it has one, or was not sought. */
function refusal(still: StillInfo, name: string, measures: readonly StillMeasures[]): string {
  const own = measures.find((one) => one.sop_instance_uid === still.sop_instance_uid)?.measures ?? [];
  const reason = own.find((one) => one.name === name && one.value === null)?.reason ?? "";
  const scale = SCALE.exec(reason);
  return scale === null ? reason : `too little detail, ${scale[1]} px/mm where ${scale[2]} are needed`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
