/** Codes of the wire as the page's language calls them. */

import type { LayerStyle } from "../overlay/layers";
import type { Layer, Light, View } from "../wire/protocol";
import { fill, texts } from "./catalogue";
import { quantity } from "./catalogue/format";

type Words = Readonly<Partial<Record<string, string>>>;

const MARK = /^(.+)_(area|count|density|size|depth|intensity)$/;

/** Name of a quality measure; a code that the catalogue lacks, in words. */
export function qualityName(code: string): string {
  return (texts().measures as Words)[code] ?? words(code);
}

/** Name of a measure of the skin; of marks it is put together from what is marked and what is counted. */
export function skinName(code: string): string {
  const whole = (texts().skin as Words)[code];
  const [, mark = "", figure = ""] = MARK.exec(code) ?? [];
  const [marked, template] = [(texts().marks as Words)[mark], (texts().mark_figures as Words)[figure]];
  return whole ?? (marked === undefined || template === undefined ? words(code) : fill(template, { mark: marked }));
}

/** Name of a part of the face. */
export function regionName(code: string): string {
  return (texts().regions as Words)[code] ?? words(code);
}

export function layerName(layer: Layer): string {
  return (texts().layers.names as Words)[layer] ?? words(layer);
}

/** What the strongest value of a layer means. */
export function layerMeaning(layer: Layer): string {
  const { meanings, condition_meaning } = texts().layers;
  return (meanings as Words)[layer] ?? condition_meaning;
}

/** The same of a live picture, with the quantity that full colour stands for. */
export function liveMeaning({ name, full }: LayerStyle): string {
  const meaning = (texts().layers.live_meanings as Words)[name];
  const most = full === undefined ? "" : quantity(full.value, full.unit);
  return meaning === undefined ? layerMeaning(name) : fill(meaning, { full: most });
}

/** View and light of a picture, for one that is not seen. */
export function pictureName(view: View, light: Light): string {
  const { views, lights, viewer } = texts();
  return `${views[view]}, ${fill(viewer.visit.light_of, { light: lowered(lights[light]) })}`;
}

/** Begins with a small letter, as a word within a sentence does. */
export function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Begins with a capital letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A text with a capital letter in front and a full stop behind. */
export function sentence(text: string): string {
  return capital(text) + (/[.!?…%]$/.test(text) ? "" : ".");
}

/** `left_cheek` as "Left cheek". */
export function words(name: string): string {
  return capital(name.replaceAll("_", " ").trim());
}
