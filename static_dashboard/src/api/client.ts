/** Calls of the API, typed by its own description. A call that fails throws `ApiError` with words for people. */

import createClient from "openapi-fetch";

import { config } from "./config";
import type { components, paths } from "./schema";

export type Schema = components["schemas"];

/** The API refused, is in trouble, or cannot be reached (`status` 0). `message` says what was wrong and what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly field: string | null = null,
    readonly requestId: string | null = null,
    /** How long to wait before the next try, where the API says so. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether a repetition may help: storage was in trouble, or nobody answered. */
  get passes(): boolean {
    return this.status === 0 || this.status === 503;
  }
}

let tellSignedOut: () => void = () => undefined;

/** `told` is called whenever the API answers that nobody is signed in, whichever call met it. */
export function whenSignedOut(told: () => void): void {
  tellSignedOut = told;
}

export const api = createClient<paths>({ baseUrl: config.apiBase, credentials: "include" });

api.use({
  async onResponse({ response }) {
    if (!response.ok) {
      throw await refusal(response);
    }
  },
  onError() {
    return new ApiError(0, "The server cannot be reached. Check the connection; the page tries again by itself.");
  },
});

/** What a call answered. The middleware above has thrown if there was no answer. */
export async function answerOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}

/** The address of something that the browser itself fetches: a download, a log. */
export function addressOf(path: string): string {
  return `${config.apiBase}${path}`;
}

/** Fetches a text or file from the API; throws ApiError as the typed calls do. */
export async function fetchRaw(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(addressOf(path), { credentials: "include", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "The server cannot be reached. Check the connection.");
  }
  if (!response.ok) {
    throw await refusal(response);
  }
  return response;
}

async function refusal(response: Response): Promise<ApiError> {
  const error = await problem(response);
  // Later than the caller: a form that is hidden before it heard of the refusal would wait for it for ever.
  if (error.status === 401) setTimeout(tellSignedOut, 0);
  return error;
}

/** RFC 9457: problem details; the host itself answers some refusals without a body. */
async function problem(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  try {
    const told = (await response.json()) as Schema["Problem"];
    return new ApiError(response.status, told.detail, told.field ?? null, told.request_id, retryAfter);
  } catch {
    return new ApiError(response.status, `The server answered ${response.status} and did not say why.`, null, null, retryAfter);
  }
}
