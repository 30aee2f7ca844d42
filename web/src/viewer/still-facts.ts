/** What is known of a picture beside its measures. */

import { html, nothing, type TemplateResult } from "lit";
import { fill, texts } from "../shared/catalogue";
import { exposureTime, listed, number } from "../shared/catalogue/format";
import { said } from "../shared/catalogue/operator";
import { lowered, words } from "../shared/words";
import type { Dermoscope } from "../wire/protocol";
import type { StillInfo } from "../wire/server";

type Words = Readonly<Partial<Record<string, string>>>;

/** Why layers are missing, of those for which nothing more is known. */
export function layerReason(still: StillInfo): string {
  const t = texts().layers;
  if (openStep(still) !== undefined) {
    return t.analysing;
  }
  if (still.dermoscope !== null) {
    return t.close_up;
  }
  return still.face_sought && still.face === null ? t.no_face : t.not_this_light;
}

/** In a word what sets a picture apart from those that were shot as usual. */
export function marks(still: StillInfo): TemplateResult | typeof nothing {
  const t = texts().viewer.visit;
  const told = [still.override === "" ? "" : t.shot_anyway, still.replaces === null ? "" : t.taken_again];
  const text = told
    .filter((one) => one !== "")
    .map((one, index) => (index === 0 ? one : lowered(one)))
    .join(", ");
  return text === "" ? nothing : html`<span class="marks small">${text}</span>`;
}

/** Size, exposure, calibration, what was written, and how far the analysis has come. */
export function facts(still: StillInfo): TemplateResult {
  const { viewer } = texts();
  const t = viewer.visit;
  const failed = still.steps.find((step) => step.state === "failed");
  const codes = [...new Set(still.instances.map((one) => one.modality))];
  const size = { width: still.width, height: still.height, bits: still.bit_depth };
  return html`<dl>
      ${fact(t.size, fill(t.pixels, size))}
      ${still.exposure === null
        ? nothing
        : fact(t.exposure, `${exposureTime(still.exposure.time_s)}, ${number(still.exposure.gain_db)}\u202fdB`)}
      ${fact(t.scale, still.px_per_mm === null ? t.not_calibrated : `${number(still.px_per_mm)}\u202fpx/mm`)}
      ${fact(t.colour, still.calibration ?? t.not_calibrated)}
      ${still.camera === null ? nothing : fact(t.camera, `${still.camera.manufacturer} ${still.camera.model}`)}
      ${still.dermoscope === null ? nothing : fact(t.dermoscope, through(still.dermoscope))}
      ${fact("DICOM", codes.length === 0 ? t.not_written : listed(codes.map((code) => (viewer.modalities as Words)[code] ?? code)))}
      ${fact(t.analysis, analysis(still))}
    </dl>
    ${failed ? html`<p class="small failed">${said(failed.error)}</p>` : nothing}`;
}

function through(scope: Dermoscope): string {
  const t = texts().viewer.visit;
  const contact = scope.contact === null ? [] : [scope.contact ? t.in_contact : t.held_off];
  const times = scope.magnification === null ? [] : [`×${number(scope.magnification)}`];
  const known = [...contact, ...times];
  return known.length === 0 ? t.not_told : known.join(", ");
}

function openStep(still: StillInfo): StillInfo["steps"][number] | undefined {
  return still.steps.find((step) => step.state !== "done" && step.state !== "failed");
}

function analysis(still: StillInfo): TemplateResult | string {
  const { visit: t, steps } = texts().viewer;
  const called = (step: string): string => (steps as Words)[step] ?? words(step);
  const open = openStep(still);
  const failed = still.steps.find((step) => step.state === "failed");
  if (open === undefined) {
    return failed ? fill(t.step_failed, { step: called(failed.step) }) : t.complete;
  }
  const ended = still.steps.filter((step) => step.state === "done" || step.state === "failed").length;
  return html`${fill(t.at_step, { step: called(open.step), n: number(ended), total: number(still.steps.length) })}
    <progress max=${still.steps.length} .value=${ended} aria-label=${t.progress}></progress>`;
}

function fact(name: string, value: TemplateResult | string): TemplateResult {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}
