/** Sentences that the booth says in English, in the language of the page. */

import { html, type TemplateResult } from "lit";
import { sentence } from "../words";
import { language } from "./index";

/** The sentence as the page shows it: in its language, or in English that is marked as such. */
export function said(text: string): TemplateResult | string {
  return language() === "en" ? sentence(text) : html`<span lang="en">${sentence(text)}</span>`;
}
