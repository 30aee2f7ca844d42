/** The pages beside the visit, in the order of the navigation; add a page here. */

import { html, type TemplateResult } from "lit";
import { texts } from "../shared/catalogue";
import type { BoothState } from "../wire/booth";
import "./calibration-page";
import "./live-page";
import type { Pictures } from "./pictures";
import "./state-page";

export interface Page {
  name: string;
  label: () => string;
  /** One element that is a `KioskScreen`. */
  render: (booth: BoothState, pictures: Pictures) => TemplateResult;
}

export const PAGES: readonly Page[] = [
  {
    name: "live",
    label: () => texts().shell.live,
    render: (booth, pictures) => html`<live-page .booth=${booth} .pictures=${pictures}></live-page>`,
  },
  {
    name: "state",
    label: () => texts().shell.booth,
    render: (booth) => html`<state-page .booth=${booth}></state-page>`,
  },
  {
    name: "calibration",
    label: () => texts().shell.calibration,
    render: (booth) => html`<calibration-page .booth=${booth}></calibration-page>`,
  },
];
