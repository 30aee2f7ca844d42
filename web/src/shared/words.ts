/** Words and numbers as people read them. */

import type { Light, Preparation, Verdict, View } from "../wire/protocol";
import en from "./catalogue/en.json";

export const LIGHTS: Record<Light, string> = en.lights;
export const VIEWS: Record<View, string> = en.views;
export const PREPARATIONS: Record<Preparation, string> = en.preparations;
export const VERDICTS: Record<Verdict, string> = en.verdicts;

const MODALITIES: Record<string, string> = { XC: "Photo", SEG: "Segmentation", SR: "Report" };

/** Measures whose name alone tells little. */
const MEASURES: Record<string, string> = {
  ...en.measures,
  ita: "Individual typology angle",
  l_star: "L*",
  a_star: "a*",
  b_star: "b*",
  melanin_sd: "Melanin, spread",
  spots_area: "Pigment spots, area",
  spots_count: "Pigment spots, count",
  spots_density: "Pigment spots, density",
  spots_size: "Pigment spots, mean size",
  spots_intensity: "Pigment spots, gain of log melanin",
  trouble_area: "Trouble, area",
  trouble_count: "Trouble, count",
  trouble_density: "Trouble, density",
  trouble_size: "Trouble, mean size",
  trouble_intensity: "Trouble, gain of log blood",
  wrinkles_area: "Wrinkles, area",
  wrinkles_count: "Wrinkles, count",
  wrinkles_density: "Wrinkles, density",
  wrinkles_size: "Wrinkles, mean size",
  wrinkles_depth: "Wrinkles, mean depth",
  pores_area: "Pores, area",
  pores_count: "Pores, count",
  pores_density: "Pores, density",
  pores_size: "Pores, mean size",
  pores_depth: "Pores, mean depth",
  brown_spots_area: "Brown spots, area",
  brown_spots_count: "Brown spots, count",
  brown_spots_density: "Brown spots, density",
  brown_spots_size: "Brown spots, mean size",
  red_areas_area: "Red areas, area",
  red_areas_count: "Red areas, count",
  red_areas_density: "Red areas, density",
  red_areas_size: "Red areas, mean size",
  porphyrins_area: "Porphyrins, area",
  porphyrins_count: "Porphyrins, count",
  porphyrins_density: "Porphyrins, density",
  porphyrins_size: "Porphyrins, mean size",
  uv_spots_area: "UV spots, area",
  uv_spots_count: "UV spots, count",
  uv_spots_density: "UV spots, density",
  uv_spots_size: "UV spots, mean size",
  texture_roughness: "Texture, Sa of brightness",
  texture_rms: "Texture, Sq of brightness",
  estimated_scale: "Scale, estimated from the face’s width",
};

/** Name of a quality measure for people at the booth. */
export function measureName(name: string): string {
  return MEASURES[name] ?? words(name);
}

/** A text with a capital letter in front and a full stop behind. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…%]$/.test(text) ? "" : ".");
}

/** `left_cheek` as "Left cheek". */
export function words(name: string): string {
  const text = name.replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function modality(code: string): string {
  return MODALITIES[code] ?? code;
}

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const THREE_DIGITS = new Intl.NumberFormat("en", { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const THOUSANDTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const PLAIN = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** A number with three significant digits; whole numbers as they are, and nothing finer than a thousandth. */
export function number(value: number): string {
  if (Math.abs(value) >= 100_000) {
    return value.toExponential(2);
  }
  if (value !== 0 && Math.abs(value) < 0.01) {
    return THOUSANDTHS.format(value);
  }
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? WHOLE.format(value) : THREE_DIGITS.format(value);
}

/** A setting: no more digits than it has. */
export function setting(value: number): string {
  return PLAIN.format(value);
}

/** Words as a sentence lists them. */
export function listed(items: readonly string[]): string {
  return new Intl.ListFormat("en-GB", { type: "conjunction" }).format(items);
}

const UNITS: Record<string, string> = { Lab: "CIELAB", deg: "°", um: "µm", um2: "µm²", "px/mm": "px/mm", "1e-4": "× 10⁻⁴" };

/** UCUM units as they are printed; `1` and the empty unit print nothing. */
export function unit(code: string): string {
  if (code === "1" || code === "{index}" || code === "{score}") {
    return "";
  }
  return (UNITS[code] ?? code).replace(/^\{(.*)\}$/, "$1").replace(/m2$/, "m²");
}

export function quantity(value: number, code: string, digits: (value: number) => string = number): string {
  const printed = unit(code);
  return printed === "" ? digits(value) : `${digits(value)}\u202f${printed}`;
}

const dates = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const times = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function dateTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${dates.format(at)}, ${times.format(at)}`;
}

export function ago(seconds: number): string {
  const passed = Math.max(0, Date.now() / 1000 - seconds);
  if (passed < 60) {
    return "just now";
  }
  const [size, name] =
    passed < 3600 ? ([60, "minute"] as const) : passed < 86_400 ? ([3600, "hour"] as const) : ([86_400, "day"] as const);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.floor(passed / size), name);
}

/** Exposure time as photographers write it. */
export function exposureTime(seconds: number): string {
  return seconds >= 0.3 ? `${setting(seconds)}\u202fs` : `1/${Math.round(1 / seconds)}\u202fs`;
}

/** DICOM PN (family^given) as "Given Family". */
export function personName(name: string): string {
  const [family = "", given = ""] = name.split("^");
  return `${given} ${family}`.trim();
}
