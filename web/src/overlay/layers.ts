import type { Layer } from "../wire/protocol";

export interface LayerStyle {
  name: Layer;
  rgb: readonly [number, number, number];
  /** What a live map shows in full colour. */
  full?: { readonly value: number; readonly unit: string };
}

/** The layers of live pictures with their colours, which are those of `--layer-*` in base.css. */
export const LAYERS: readonly LayerStyle[] = [
  { name: "skin", rgb: [47, 191, 143] },
  { name: "melanin", rgb: [109, 63, 224], full: { value: 4, unit: "optical density" } },
  { name: "redness", rgb: [227, 32, 79], full: { value: 1.06, unit: "optical density" } },
  { name: "reflection", rgb: [18, 168, 220], full: { value: 25, unit: "%" } },
  { name: "regions", rgb: [255, 200, 40] },
];

/** Things of countable number that a model or ultraviolet light finds: each is ringed where it is, however small. */
export const MARKS: readonly LayerStyle[] = [
  { name: "spots", rgb: [0, 200, 255] },
  { name: "trouble", rgb: [255, 32, 190] },
  { name: "wrinkles", rgb: [48, 92, 255] },
  { name: "pores", rgb: [40, 220, 60] },
  { name: "porphyrin", rgb: [255, 150, 0] },
  { name: "uv_spots", rgb: [255, 236, 110] },
];

/** Heat maps of what models say of the face as a whole. */
export const HEAT_MAPS: readonly LayerStyle[] = [
  { name: "severity", rgb: [214, 40, 160] },
  { name: "acne", rgb: [198, 30, 70] },
];

/** What live pictures can show: the layers of every frame, and a heat map every few seconds. */
export const LIVE_LAYERS: readonly LayerStyle[] = [...LAYERS, ...HEAT_MAPS.filter((one) => one.name === "severity")];

const condition = (name: Layer): LayerStyle => ({ name, rgb: [0, 122, 168] });

/** Heat maps of conditions, made only of those that are likely. */
export const CONDITIONS: readonly LayerStyle[] = [
  condition("condition_dryness"),
  condition("condition_texture"),
  condition("condition_melasma"),
  condition("condition_lentigo"),
  condition("condition_ephelides"),
  condition("condition_dermatitis"),
  condition("condition_wrinkles"),
  condition("condition_clogged_pores"),
];

/** What every face has a result for, if it is shot under the right light at the right scale. */
export const EXPECTED: readonly LayerStyle[] = [...LAYERS, ...MARKS, ...HEAT_MAPS];

/** Every layer that a still may have. */
export const STILL_LAYERS: readonly LayerStyle[] = [...EXPECTED, ...CONDITIONS];

/** From the lowest to the highest: maps are drawn below the marks of single things. */
export const DRAWN: readonly Layer[] = [...LAYERS, ...HEAT_MAPS, ...CONDITIONS, ...MARKS].map((style) => style.name);

export const STYLES = new Map(STILL_LAYERS.map((style) => [style.name, style]));

/** Layers that need a still's resolution, and are never shown live. */
export const STILL_ONLY: readonly Layer[] = ["pores", "wrinkles"];

/** The scale that they need, px/mm. */
export const STILL_ONLY_PX_PER_MM = 10;

/** RGBA of one value: the layer's colour, more opaque the stronger the value. */
export function colourTable(layer: Layer): Uint32Array {
  const [red, green, blue] = STYLES.get(layer)?.rgb ?? [255, 255, 255];
  const table = new Uint32Array(256);
  for (let value = 0; value < 256; value += 1) {
    const alpha = Math.round(255 * Math.pow(value / 255, 0.85));
    table[value] = ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return table;
}

const tables = new Map<Layer, Uint32Array>();

/** A canvas of these uint8 values in the layer's colours. */
export function colourise(layer: Layer, values: Uint8Array, columns: number, rows: number): HTMLCanvasElement {
  let table = tables.get(layer);
  if (table === undefined) {
    table = colourTable(layer);
    tables.set(layer, table);
  }
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < pixels.length; index += 1) {
    pixels[index] = table[values[index] ?? 0] ?? 0;
  }
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
