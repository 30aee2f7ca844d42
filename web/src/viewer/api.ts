/** The server's HTTP interface, with errors that say what to do: in English, `said` shows them in the language of the page. */

import { CATALOGUES, fill } from "../shared/catalogue";
import type { Problem } from "../wire/server";

const { viewer: ENGLISH } = CATALOGUES.en;

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  /** Whether signing in would help. */
  get signedOut(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export async function get<T>(path: string): Promise<T> {
  return (await (await send("GET", path)).json()) as T;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return (await (await send("POST", path, JSON.stringify(body))).json()) as T;
}

export async function remove(path: string): Promise<void> {
  await send("DELETE", path);
}

/** A picture of the server, decoded. */
export async function picture(path: string): Promise<ImageBitmap> {
  return createImageBitmap(await (await send("GET", path)).blob());
}

/** The English sentence for an error of any kind. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function send(method: string, path: string, body?: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { method, ...(body === undefined ? {} : { body }) });
  } catch {
    throw new ApiError(0, ENGLISH.no_answer);
  }
  if (!response.ok) {
    throw new ApiError(response.status, await problemOf(response));
  }
  return response;
}

async function problemOf(response: Response): Promise<string> {
  try {
    const { title, detail } = (await response.json()) as Problem;
    return detail || title;
  } catch {
    return fill(ENGLISH.answered, { status: response.status });
  }
}
