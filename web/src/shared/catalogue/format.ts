/** Numbers, times and lists as the language of the page writes them. */

import { language, texts } from "./index";

/** Nothing that rounds to nought is below it. */
const SIGN = { signDisplay: "negative" } as const;

/** A number with at most three significant digits, and nothing finer than a thousandth. */
export function number(value: number): string {
  const options: Intl.NumberFormatOptions =
    value !== 0 && Math.abs(value) < 0.01
      ? { maximumFractionDigits: 3 }
      : Math.abs(value) >= 1000
        ? { maximumFractionDigits: 0 }
        : { maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(language(), { ...options, ...SIGN }).format(value);
}

/** A measured value with three significant digits; whole numbers as they are, and nothing finer than a thousandth. */
export function measured(value: number): string {
  if (Math.abs(value) >= 100_000) {
    return new Intl.NumberFormat(language(), { notation: "scientific", maximumFractionDigits: 2 }).format(value);
  }
  const options: Intl.NumberFormatOptions =
    value !== 0 && Math.abs(value) < 0.01
      ? { minimumFractionDigits: 3, maximumFractionDigits: 3 }
      : Number.isInteger(value) || Math.abs(value) >= 1000
        ? { maximumFractionDigits: 0 }
        : { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(language(), { ...options, ...SIGN }).format(value);
}

const UNITS: Readonly<Record<string, string>> = { Lab: "CIELAB", deg: "°", um: "µm", um2: "µm²", "px/mm": "px/mm", "1e-4": "× 10⁻⁴" };

/** UCUM units as they are printed; `1` and the empty unit print nothing. */
function unit(code: string): string {
  if (code === "1" || code === "{index}" || code === "{score}") {
    return "";
  }
  return (UNITS[code] ?? code).replace(/^\{(.*)\}$/, "$1").replace(/m2$/, "m²");
}

/** How a unit is printed: UCUM, or a word that the catalogue has. */
export function unitName(code: string): string {
  return (texts().units as Readonly<Record<string, string>>)[code] ?? unit(code);
}

/** A number with its unit. */
export function quantity(value: number, code: string, digits: (value: number) => string = number): string {
  const printed = unitName(code);
  return printed === "" ? digits(value) : `${digits(value)}\u202f${printed}`;
}

/** A share as whole percent. */
export function percent(share: number): string {
  return new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** How long ago, in whole minutes, hours or days. */
export function ago(seconds: number): string {
  const passed = Math.max(0, Date.now() / 1000 - seconds);
  if (passed < 60) {
    return texts().ago_now;
  }
  const [size, name] =
    passed < 3600 ? ([60, "minute"] as const) : passed < 86_400 ? ([3600, "hour"] as const) : ([86_400, "day"] as const);
  return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-Math.floor(passed / size), name);
}

/** Exposure time as photographers write it. */
export function exposureTime(seconds: number): string {
  return seconds >= 0.3 ? `${number(seconds)}\u202fs` : `1/${Math.round(1 / seconds)}\u202fs`;
}

/** Bytes in decimal units. */
export function bytes(value: number): string {
  const [size, name]: [number, string] = value >= 1e12 ? [1e12, "TB"] : value >= 1e9 ? [1e9, "GB"] : [1e6, "MB"];
  return `${number(value / size)}\u202f${name}`;
}

/** Words as a sentence lists them. */
export function listed(items: readonly string[]): string {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(items);
}

export function timeOfDay(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(seconds * 1000);
}

/** A day, as short as an axis needs it. */
export function day(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short" }).format(seconds * 1000);
}

/** A date with its year. */
export function date(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(seconds * 1000);
}

export function dateTime(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);
}

/** DICOM DA (YYYYMMDD) as a date; empty if it is none. */
export function birthDate(date: string): string {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? [];
  if (year === undefined) {
    return "";
  }
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeZone: "UTC" }).format(at);
}

/** Minutes and seconds, as on a stopwatch. */
export function stopwatch(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/**
 * DICOM PN (PS3.5 6.2.1.2): of its groups, alphabetic=ideographic=phonetic, the one that the language reads, with the
 * family name first where language or script put it first.
 */
export function personName(name: string): string {
  const [alphabetic = "", ideographic = ""] = name.split("=");
  const latin = ideographic === "" || (language() !== "ko" && alphabetic !== "");
  const [family = "", given = ""] = (latin ? alphabetic : ideographic).split("^");
  if (!latin) {
    return `${family}${given}`.trim();
  }
  return (language() === "ko" ? `${family} ${given}` : `${given} ${family}`).trim();
}

/** British English writes day and 24 hours as a clinic does. */
function locale(): string {
  return language() === "en" ? "en-GB" : language();
}
