/** /config.json, which whoever deploys the page may set. */

export interface Config {
  /** Where the API is; "" is the page's own origin. */
  apiBase: string;
  /** Where the platform in front signs people in, such as "/.auth/login/aad"; "" where the app does. */
  signIn: string;
  /** Why the file cannot be used, and with it the page. */
  problem?: string;
}

const PAUSES_MS = [500, 2_000];

async function read(pauses = PAUSES_MS): Promise<Config> {
  try {
    const answer = await fetch("/config.json", { cache: "no-cache" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return checked(await answer.json());
  } catch (error) {
    const [pause, ...rest] = pauses;
    if (pause === undefined) {
      const why = error instanceof Error ? error.message : String(error);
      return { apiBase: "", signIn: "", problem: `The page's own /config.json could not be read: ${why}. Load the page again.` };
    }
    await new Promise((resume) => setTimeout(resume, pause));
    return read(rest);
  }
}

function checked(read: unknown): Config {
  const { apiBase = "", signIn = "" } = read as Partial<Record<keyof Config, unknown>>;
  if (typeof apiBase !== "string") throw new Error("apiBase is no text");
  if (typeof signIn !== "string" || !/^(\/(?!\/)|https:\/\/|$)/.test(signIn)) {
    throw new Error("signIn is neither a path, such as /.auth/login/aad, nor an https address");
  }
  return { apiBase: apiBase.replace(/\/+$/, ""), signIn };
}

export const config = await read();
