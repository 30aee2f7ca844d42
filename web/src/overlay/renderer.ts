/** Draws an overlay over a picture: contours and coarse maps in the coordinates of the picture's frame. */

import type { Box, CoarseMap, Contour, Face, Layer, Overlay } from "../wire/protocol";
import { colourise, STYLES } from "./layers";

const MAX_MAP = 256 * 256;

export interface OverlayView {
  /** Layers that are switched on. */
  layers: ReadonlySet<Layer>;
  /** Strength of the maps, 0 to 1. */
  opacity: number;
}

interface PreparedMap {
  layer: Layer;
  box: Box;
  picture: HTMLCanvasElement;
}

/** An overlay that is ready to be drawn without waiting. */
export interface PreparedOverlay {
  width: number;
  height: number;
  faces: readonly Face[];
  contours: readonly Contour[];
  maps: readonly PreparedMap[];
}

/** Unpacks the maps of an overlay; maps that cannot be read are left out. */
export async function prepareOverlay(overlay: Overlay): Promise<PreparedOverlay> {
  const maps = await Promise.all(overlay.maps.map(prepareMap));
  return {
    width: overlay.width,
    height: overlay.height,
    faces: overlay.faces,
    contours: overlay.contours,
    maps: maps.filter((map) => map !== null),
  };
}

/** Draws onto a canvas of any size that shows the whole frame. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  overlay: PreparedOverlay,
  view: OverlayView,
): void {
  context.save();
  context.scale(context.canvas.width / overlay.width, context.canvas.height / overlay.height);
  drawMaps(context, overlay.maps, view);
  drawContours(context, overlay.contours, view, overlay.width);
  if (view.layers.has("skin")) {
    drawFaces(context, overlay.faces, overlay.width);
  }
  context.restore();
}

async function prepareMap(map: CoarseMap): Promise<PreparedMap | null> {
  const size = map.columns * map.rows;
  if (size > MAX_MAP) {
    return null;
  }
  try {
    const values = await inflate(map.values, size);
    return { layer: map.layer, box: map.box, picture: colourise(map.layer, values, map.columns, map.rows) };
  } catch {
    return null;
  }
}

/** The bytes of a zlib stream in base64; reads no more than it is told to expect. */
async function inflate(base64: string, size: number): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  const values = new Uint8Array(size);
  let filled = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (filled + part.value.length > size) {
      await reader.cancel();
      throw new RangeError("more values than columns times rows");
    }
    values.set(part.value, filled);
    filled += part.value.length;
  }
  return values;
}

function drawMaps(
  context: CanvasRenderingContext2D,
  maps: readonly PreparedMap[],
  view: OverlayView,
): void {
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.globalAlpha = view.opacity;
  for (const { layer, box, picture } of maps) {
    if (view.layers.has(layer)) {
      context.drawImage(picture, box.x, box.y, box.width, box.height);
    }
  }
  context.globalAlpha = 1;
}

function drawContours(
  context: CanvasRenderingContext2D,
  contours: readonly Contour[],
  view: OverlayView,
  width: number,
): void {
  const path = (points: readonly number[]): void => {
    context.beginPath();
    for (let index = 0; index + 1 < points.length; index += 2) {
      context.lineTo(points[index] ?? 0, points[index + 1] ?? 0);
    }
    context.closePath();
    context.stroke();
  };
  context.lineJoin = "round";
  for (const { layer, points } of contours.filter((contour) => view.layers.has(contour.layer))) {
    context.strokeStyle = "rgb(8 12 16 / 45%)";
    context.lineWidth = (width / 960) * 4;
    path(points);
    context.strokeStyle = colour(layer);
    context.lineWidth = (width / 960) * 2;
    path(points);
  }
}

function drawFaces(context: CanvasRenderingContext2D, faces: readonly Face[], width: number): void {
  context.strokeStyle = "rgb(255 255 255 / 85%)";
  context.lineWidth = (width / 960) * 2;
  for (const { box } of faces) {
    corners(context, box);
  }
}

/** The four corners of a box, as a viewfinder shows them. */
function corners(context: CanvasRenderingContext2D, box: Box): void {
  const arm = Math.min(box.width, box.height) / 8;
  const [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  context.beginPath();
  for (const [x, y, dx, dy] of [
    [left, top, arm, arm],
    [right, top, -arm, arm],
    [right, bottom, -arm, -arm],
    [left, bottom, arm, -arm],
  ] as const) {
    context.moveTo(x + dx, y);
    context.lineTo(x, y);
    context.lineTo(x, y + dy);
  }
  context.stroke();
}

function colour(layer: Layer): string {
  const [red, green, blue] = STYLES.get(layer)?.rgb ?? [255, 255, 255];
  return `rgb(${red} ${green} ${blue})`;
}
