/** Marks on a picture: each with a ring around it, so that it is found even where it is a pixel wide. */

import type { Layer } from "../wire/protocol";
import { STYLES } from "./layers";

/** Values from here on count as marks; maps of probability are cut where measures cut them. */
const MARKED_FROM: Partial<Record<Layer, number>> = { porphyrin: 1, uv_spots: 1 };
const LIKELIER_THAN_NOT = 128;
const FILL = 0.4;
const CASING = 0x6e_10_0c_08;

/** Rings of the layer's colour in a dark casing, and inside them the marks themselves, faintly. */
export function drawMarks(layer: Layer, values: Uint8Array, width: number, height: number): HTMLCanvasElement {
  const from = MARKED_FROM[layer] ?? LIKELIER_THAN_NOT;
  const mask = values.map((value) => (value >= from ? 1 : 0));
  const reach = Math.max(2, Math.round(width / 700));
  const ring = grown(mask, width, height, reach);
  const casing = grown(ring, width, height, 1);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const [line, fill] = [packed(layer, 1), packed(layer, FILL)];
  for (let index = 0; index < pixels.length; index += 1) {
    pixels[index] = mask[index] ? fill : ring[index] ? line : casing[index] ? CASING : 0;
  }
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

function packed(layer: Layer, alpha: number): number {
  const [red, green, blue] = STYLES.get(layer)?.rgb ?? [255, 255, 255];
  return ((Math.round(255 * alpha) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A mask of 0 and 1, grown by a square of `reach` px. */
function grown(mask: Uint8Array, width: number, height: number, reach: number): Uint8Array {
  return alongColumns(alongRows(mask, width, reach), width, height, reach);
}

function alongRows(mask: Uint8Array, width: number, reach: number): Uint8Array {
  const wide = new Uint8Array(mask.length);
  for (let index = 0; index < mask.length; index += 1) {
    if (mask[index]) {
      const row = index - (index % width);
      wide.fill(1, Math.max(row, index - reach), Math.min(row + width, index + reach + 1));
    }
  }
  return wide;
}

function alongColumns(mask: Uint8Array, width: number, height: number, reach: number): Uint8Array {
  const tall = new Uint8Array(mask.length);
  for (let index = 0; index < mask.length; index += 1) {
    if (mask[index]) {
      const row = Math.floor(index / width);
      const last = Math.min(height - 1, row + reach);
      for (let y = Math.max(0, row - reach); y <= last; y += 1) {
        tall[y * width + (index % width)] = 1;
      }
    }
  }
  return tall;
}
