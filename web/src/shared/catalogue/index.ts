/** Every text of the pages, in the language that is chosen; the other languages have the same keys as English. */

import { LitElement } from "lit";
import en from "./en.json";
import fr from "./fr.json";
import ko from "./ko.json";

/** Forms of a text by `Intl.PluralRules`; `other` always is there. */
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;

/** English as it is written, with any plural forms in place of its own. */
type Texts<T> = T extends string ? string : T extends { other: string; one: string } ? Plural : { [K in keyof T]: Texts<T[K]> };
export type Catalogue = Texts<typeof en>;

export type Language = "en" | "fr" | "ko";
export const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, fr, ko };

/** Languages by their own name. */
export const LANGUAGES: Record<Language, string> = { en: "English", fr: "Français", ko: "한국어" };

const REMEMBERED = "dermabooth-language";
const listeners = new Set<() => void>();
let current: Language = "en";

/** The language of the page; English until `startLanguage`. */
export function language(): Language {
  return current;
}

/** Texts in the language of the page. */
export function texts(): Catalogue {
  return CATALOGUES[current];
}

/** Takes up the language that was chosen here before, else that of the browser. */
export function startLanguage(): void {
  const wanted = [localStorage.getItem(REMEMBERED), ...navigator.languages.map((tag) => tag.split("-")[0])];
  apply(wanted.find(isLanguage) ?? "en");
}

/** Shows the page in this language from now on, also after a reload. */
export function chooseLanguage(wanted: Language): void {
  localStorage.setItem(REMEMBERED, wanted);
  apply(wanted);
}

export function isLanguage(tag: string | null | undefined): tag is Language {
  return tag !== null && tag !== undefined && Object.hasOwn(CATALOGUES, tag);
}

function apply(wanted: Language): void {
  current = wanted;
  document.documentElement.lang = wanted;
  for (const listener of listeners) {
    listener();
  }
}

/** A text with its {placeholders} filled in. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The form for this number, with {n} filled in. */
export function counted(forms: Plural, n: number, values: Readonly<Record<string, string | number>> = {}): string {
  const form = forms[new Intl.PluralRules(current).select(n)] ?? forms.other;
  return fill(form, { n: new Intl.NumberFormat(current).format(n), ...values });
}

/** A component that is drawn anew when the language changes. */
export class Localised extends LitElement {
  readonly #redraw = (): void => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    listeners.add(this.#redraw);
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    listeners.delete(this.#redraw);
  }
}
