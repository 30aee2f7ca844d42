/** What the page asks of the booth. */

import { CATALOGUES } from "../shared/catalogue";
import type { VisitRequest } from "../wire/booth";

const NO_ANSWER = CATALOGUES.en.common.no_answer_retry;

/** What came of a request: the booth's sentence if it refused, in English, else an empty one. */
export interface Answer {
  problem: string;
  body: unknown;
}

export const startVisit = (request: VisitRequest): Promise<Answer> => post("/visit", request);
/** Who is meant by something that was scanned or typed, as `WorklistFound`. */
export const searchWorklist = (sought: string): Promise<Answer> => post("/worklist/search", { sought });
/** `reason` may be empty only while the booth's gate is green. */
export const shoot = (reason: string): Promise<Answer> => post("/visit/shoot", { reason });
/** `still`: its place in the order of shooting. */
export const retake = (still: number): Promise<Answer> => post("/visit/retake", { still });
export const finish = (): Promise<Answer> => post("/visit/finish");
export const abort = (): Promise<Answer> => post("/visit/abort");
/** How it goes is in the booth's state. */
export const checkCalibration = (): Promise<Answer> => post("/calibration/check");
/** Every check so far as `CalibrationCheck[]`, newest last. */
export const calibrationHistory = (): Promise<Answer> => send("/calibration/history", { cache: "no-store" });

/** The newest picture of a still; `part` in shares of the picture asks for a piece of it in full detail. */
export async function stillPicture(
  still: number,
  width: number,
  part?: { x: number; y: number; size: number },
  signal?: AbortSignal,
): Promise<ImageBitmap | null> {
  const piece = part === undefined ? "" : `&x=${part.x}&y=${part.y}&size=${part.size}`;
  return picture(`/visit/still/${still}?width=${width}${piece}`, signal);
}

/** Lines of the last visit's picture of this view; null if there is none. */
export const ghost = (view: string, signal?: AbortSignal): Promise<ImageBitmap | null> =>
  picture(`/visit/ghost/${view}`, signal);

async function picture(path: string, signal?: AbortSignal): Promise<ImageBitmap | null> {
  try {
    const response = await fetch(path, { cache: "no-store", ...(signal === undefined ? {} : { signal }) });
    return response.status === 200 ? await createImageBitmap(await response.blob()) : null;
  } catch {
    return null;
  }
}

function post(path: string, body?: unknown): Promise<Answer> {
  return send(path, { method: "POST", body: body === undefined ? "" : JSON.stringify(body) });
}

async function send(path: string, request: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(path, request);
    const text = await response.text();
    const answer: unknown = text === "" ? null : JSON.parse(text);
    if (response.ok) {
      return { problem: "", body: answer };
    }
    const { title = "", detail = "" } = (answer ?? {}) as { title?: string; detail?: string };
    return { problem: detail || title || NO_ANSWER, body: null };
  } catch {
    return { problem: NO_ANSWER, body: null };
  }
}
