/** What measures say of the layers of a picture: their figures, and why some are missing. */

import { fill, texts } from "../shared/catalogue";
import { measured, number, percent, quantity } from "../shared/catalogue/format";
import { translated } from "../shared/catalogue/operator";
import { capital, lowered, sentence } from "../shared/words";
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
  const t = texts().layers;
  const amount = value.value ?? 0;
  if (layer === "severity") {
    return fill(t.grade, { n: number(amount) });
  }
  if (layer === "acne") {
    return fill(t.for_acne, { share: percent(amount) });
  }
  const printed = quantity(amount, value.unit, measured);
  if (!name.endsWith("_area")) {
    return fill(t.mean, { value: printed });
  }
  const count = told(measures, name.replace(/area$/, "count"))?.value;
  return count === undefined || count === null ? fill(t.of_skin, { value: printed }) : fill(t.found, { n: number(count), value: printed });
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
  const { layers: t, lights } = texts();
  const reasons = new Map<Layer, string>();
  const others = stills.filter((one) => one.view === still.view && one !== still);
  for (const [layer, name] of PRINCIPAL) {
    const own = refusal(still, name, measures);
    const holder = others.find((one) => one.layers.includes(layer));
    const refused = others.find((one) => refusal(one, name, measures) !== "");
    if (own !== "") {
      reasons.set(layer, own);
    } else if (holder !== undefined) {
      reasons.set(layer, fill(t.in_picture, { light: lowered(lights[holder.light]) }));
    } else if (refused !== undefined) {
      reasons.set(layer, capital(fill(t.of_picture, { light: lowered(lights[refused.light]), reason: lowered(refusal(refused, name, measures)) })));
    }
  }
  return reasons;
}

/** Why a measure of a picture has no value; empty: it has one, or was not sought. */
function refusal(still: StillInfo, name: string, measures: readonly StillMeasures[]): string {
  const own = measures.find((one) => one.sop_instance_uid === still.sop_instance_uid)?.measures ?? [];
  const reason = own.find((one) => one.name === name && one.value === null)?.reason ?? "";
  const scale = SCALE.exec(reason);
  if (scale !== null) {
    const [shown, needed] = [number(Number(scale[1])), number(Number(scale[2]))];
    return fill(texts().layers.too_little_detail, { scale: shown, needed });
  }
  return reason === "" ? "" : sentence(translated(reason) ?? reason).replace(/\.$/, "");
}
