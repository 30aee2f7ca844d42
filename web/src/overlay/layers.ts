import type { Layer } from "../wire/protocol";

export interface LayerStyle {
  name: Layer;
  label: string;
  /** What the strongest value means, in words. */
  meaning: string;
  rgb: readonly [number, number, number];
}

/** The layers of live pictures with their colours, which are those of `--layer-*` in base.css. */
export const LAYERS: readonly LayerStyle[] = [
  { name: "skin", label: "Skin", meaning: "Outline of the skin that is measured", rgb: [47, 191, 143] },
  { name: "melanin", label: "Melanin", meaning: "Pigment, relative to this face", rgb: [109, 63, 224] },
  { name: "redness", label: "Redness", meaning: "Blood colour, relative to this face", rgb: [227, 32, 79] },
  { name: "reflection", label: "Reflection", meaning: "Gloss that hides the skin below", rgb: [18, 168, 220] },
];

/** Layers that trained models and ultraviolet light give of stills. */
export const MARKED: readonly LayerStyle[] = [
  { name: "spots", label: "Pigment spots", meaning: "Marked by a model; strong where it is sure", rgb: [173, 98, 12] },
  { name: "trouble", label: "Trouble", meaning: "Papules, pustules and comedones, by a model", rgb: [240, 92, 28] },
  { name: "wrinkles", label: "Wrinkles", meaning: "Marked by a model; strong where it is sure", rgb: [36, 86, 224] },
  { name: "pores", label: "Pores", meaning: "Marked by a model; strong where it is sure", rgb: [9, 142, 126] },
  { name: "severity", label: "Acne severity", meaning: "What the grade rests on, relative to this face", rgb: [214, 40, 160] },
  { name: "acne", label: "Acne", meaning: "What speaks for acne, relative to this face", rgb: [198, 30, 70] },
  { name: "porphyrin", label: "Porphyrins", meaning: "Red fluorescence over its surroundings", rgb: [255, 64, 112] },
  { name: "uv_spots", label: "UV spots", meaning: "Dark under ultraviolet light", rgb: [92, 64, 190] },
];

const condition = (name: Layer, label: string): LayerStyle => ({
  name,
  label,
  meaning: "What speaks for it, where it is likely",
  rgb: [0, 122, 168],
});

/** Heat maps of conditions, made only of those that are likely. */
export const CONDITIONS: readonly LayerStyle[] = [
  condition("condition_dryness", "Dryness"),
  condition("condition_texture", "Rough texture"),
  condition("condition_melasma", "Melasma"),
  condition("condition_lentigo", "Lentigo"),
  condition("condition_ephelides", "Ephelides"),
  condition("condition_dermatitis", "Dermatitis"),
  condition("condition_wrinkles", "Wrinkles, as a condition"),
  condition("condition_clogged_pores", "Clogged pores"),
];

/** Every layer that a still may have. */
export const STILL_LAYERS: readonly LayerStyle[] = [...LAYERS, ...MARKED, ...CONDITIONS];

export const STYLES = new Map(STILL_LAYERS.map((style) => [style.name, style]));

/** Layers that need a still's resolution, and are never shown live. */
export const STILL_ONLY: readonly { label: string; reason: string }[] = [
  { label: "Pores", reason: "Needs a still’s resolution" },
  { label: "Wrinkles", reason: "Needs a still’s resolution" },
];

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
