/** Sentences that booth and server say in English, and what the pages say in their place, in the language of the page. */

import { html, type TemplateResult } from "lit";
import { sentence } from "../words";
import { number } from "./format";
import { type Catalogue, CATALOGUES, type Language, language } from "./index";
import table from "./operator.json";
import server from "./server.json";

type Row = Record<Language, string>;

interface Pattern {
  matches: RegExp;
  names: readonly string[];
  row: Row;
}

const DEEPEST = 3;
const OWN: readonly ((texts: Catalogue) => string)[] = [
  (t) => t.common.no_answer_retry,
  (t) => t.viewer.no_answer,
  (t) => t.viewer.answered,
  (t) => t.viewer.session_ended,
  (t) => t.viewer.correct.no_orders,
];
const ROWS: readonly Row[] = [...table.sentences, ...server.sentences, ...OWN.map(row)];
const PLAIN = new Map(ROWS.filter((row) => !row.en.includes("{")).map((row) => [sentence(row.en), row]));
/** Those that say most by themselves first, so that `{file} cannot be read` comes last. */
const PATTERNS: readonly Pattern[] = ROWS.filter((row) => row.en.includes("{"))
  .map(pattern)
  .sort((one, other) => plainLength(other.row) - plainLength(one.row));
const REGIONS = new Map<string, Row>(table.regions.map((row) => [row.en, row]));

/** The sentence as the page shows it: in its language, or in English that is marked as such. */
export function said(text: string): TemplateResult | string {
  const english = sentence(text);
  if (language() === "en" || text === "") {
    return text === "" ? "" : english;
  }
  return translated(text) ?? html`<span lang="en">${english}</span>`;
}

/** The sentence in the language of the page; null if nobody has put it into that language. */
export function translated(text: string, depth = 0): string | null {
  const row = PLAIN.get(sentence(text));
  if (row !== undefined) {
    return row[language()];
  }
  for (const { matches, names, row } of depth < DEEPEST ? PATTERNS : []) {
    const found = matches.exec(sentence(text));
    if (found !== null) {
      return row[language()].replace(/\{(\w+)\}/g, (_, name: string) => part(name, found[names.indexOf(lower(name)) + 1] ?? "", depth));
    }
  }
  return null;
}

function part(name: string, text: string, depth: number): string {
  const region = REGIONS.get(lower(text));
  if (region !== undefined) {
    const called = region[language()];
    return name === "Region" ? called.charAt(0).toUpperCase() + called.slice(1) : called;
  }
  return /^-?\d+(\.\d+)?$/.test(text) ? number(Number(text)) : (translated(text, depth + 1) ?? text);
}

function row(text: (texts: Catalogue) => string): Row {
  const { en, fr, ko } = CATALOGUES;
  return { en: text(en), fr: text(fr), ko: text(ko) };
}

function pattern(row: Row): Pattern {
  const names: string[] = [];
  const source = sentence(row.en).replace(/[.*+?^$|()[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, (_, name: string) => {
    names.push(lower(name));
    return "(.+)";
  });
  return { matches: new RegExp(`^${source}$`, "i"), names, row };
}

function plainLength(row: Row): number {
  return row.en.replace(/\{\w+\}/g, "").length;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
