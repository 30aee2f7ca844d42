/** Layers of a stored still: 8-bit grey PNGs, drawn in the same colours as live overlays. */

import type { Layer } from "../wire/protocol";
import { colourise, DRAWN, MARKS } from "./layers";
import { drawMarks } from "./marks";
import type { OverlayView } from "./renderer";

const MARKED: ReadonlySet<Layer> = new Set(MARKS.map((one) => one.name));
/** Maps that are drawn on the skin only: elsewhere their numbers mean nothing. */
export const NEED_SKIN: ReadonlySet<Layer> = new Set<Layer>(["melanin", "redness", "reflection"]);

export interface StoredLayer {
  layer: Layer;
  picture: HTMLCanvasElement;
}

/** The values of a grey picture, one per pixel. */
export function greyValues(grey: ImageBitmap): Uint8Array {
  const { width, height } = grey;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new Error("this browser draws no canvas");
  }
  context.drawImage(grey, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Uint8Array(width * height);
  for (let index = 0; index < values.length; index += 1) {
    values[index] = data[index * 4] ?? 0;
  }
  return values;
}

/** Turns grey values into what is drawn: the skin becomes an outline, marks become rings, maps stay within `skin`. */
export function prepareLayer(
  layer: Layer,
  values: Uint8Array,
  width: number,
  height: number,
  skin: Uint8Array | null,
): StoredLayer {
  if (MARKED.has(layer)) {
    return { layer, picture: drawMarks(layer, values, width, height) };
  }
  let shown = values;
  if (layer === "skin") {
    shown = outline(values, width, height);
  } else if (skin !== null && skin.length === values.length) {
    shown = layer === "melanin" ? stretchedWithin(skin, values) : values.map((value, index) => ((skin[index] ?? 0) > 127 ? value : 0));
  }
  return { layer, picture: colourise(layer, shown, width, height) };
}

/** Values on the skin, stretched from their 5th to their 99th percentile there; 0 elsewhere. */
function stretchedWithin(skin: Uint8Array, values: Uint8Array): Uint8Array {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let index = 0; index < values.length; index += 1) {
    if ((skin[index] ?? 0) > 127) {
      const value = values[index] ?? 0;
      counts[value] = (counts[value] ?? 0) + 1;
      total += 1;
    }
  }
  const low = percentile(counts, 0.05 * total);
  const span = Math.max(1, percentile(counts, 0.99 * total) - low);
  return values.map((value, index) =>
    (skin[index] ?? 0) > 127 ? Math.max(0, Math.min(255, Math.round((255 * (value - low)) / span))) : 0,
  );
}

function percentile(counts: Uint32Array, rank: number): number {
  let seen = 0;
  for (let value = 0; value < 256; value += 1) {
    seen += counts[value] ?? 0;
    if (seen >= rank) {
      return value;
    }
  }
  return 255;
}

/** The layers that are switched on, lowest first. */
export function shownLayers(layers: readonly StoredLayer[], view: OverlayView): StoredLayer[] {
  return layers
    .filter((one) => view.layers.has(one.layer) && DRAWN.includes(one.layer))
    .sort((a, b) => DRAWN.indexOf(a.layer) - DRAWN.indexOf(b.layer));
}

/** Draws layers, the first at the bottom. */
export function drawLayers(
  context: CanvasRenderingContext2D,
  layers: readonly StoredLayer[],
  view: OverlayView,
): void {
  const { width, height } = context.canvas;
  for (const { layer, picture } of layers) {
    context.globalAlpha = layer === "skin" ? 1 : MARKED.has(layer) ? Math.sqrt(view.opacity) : view.opacity;
    context.drawImage(picture, 0, 0, width, height);
  }
  context.globalAlpha = 1;
}

/** The edge of a mask, a few pixels wide so that it survives scaling. */
function outline(mask: Uint8Array, width: number, height: number): Uint8Array {
  const reach = Math.max(1, Math.round(width / 420));
  const edge = new Uint8Array(mask.length);
  const inside = (x: number, y: number): boolean =>
    (mask[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))] ?? 0) > 127;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (
        inside(x, y) &&
        !(inside(x - reach, y) && inside(x + reach, y) && inside(x, y - reach) && inside(x, y + reach))
      ) {
        edge[y * width + x] = 255;
      }
    }
  }
  return edge;
}
