/** Where the API is: `apiBase` of /config.json, which whoever deploys the page may set; "" is the page's own origin. */

async function readApiBase(): Promise<string> {
  try {
    const answer = await fetch("/config.json", { cache: "no-cache" });
    const read: unknown = await answer.json();
    const base = read && typeof read === "object" && "apiBase" in read ? read.apiBase : "";
    return typeof base === "string" ? base.replace(/\/+$/, "") : "";
  } catch {
    // Without the file, or offline, the page asks its own origin, and says so when that does not answer.
    return "";
  }
}

export const apiBase = await readApiBase();
