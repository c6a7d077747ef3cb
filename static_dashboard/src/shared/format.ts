/** Numbers, spans of time and dates as people read them. */

/** `1h 05m`, `4m 09s`, `3d 2h`: two units, so that one sees it move and need not count. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor((whole % 86_400) / 3600)];
  const [minutes, rest] = [Math.floor((whole % 3600) / 60), whole % 60];
  if (days) return `${days}d ${hours}h`;
  if (hours) return `${hours}h ${pad(minutes)}m`;
  if (minutes) return `${minutes}m ${pad(rest)}s`;
  return `${rest}s`;
}

const pad = (value: number) => String(value).padStart(2, "0");

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const timeOnly = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** Local, long: `24 Nov 2026, 03:12:45`. */
export const longTime = (iso: string): string => dateAndTime.format(new Date(iso));

/** Local, short: the time alone today, else with the day. */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  return at.toDateString() === new Date().toDateString() ? timeOnly.format(at) : short.format(at);
}

/** `2026-11-24 02:12:45 UTC`. */
export const utcTime = (iso: string): string =>
  `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** The zone that local times are in, `Europe/Berlin`. */
export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const counted = new Intl.NumberFormat();
export const count = (value: number): string => counted.format(value);

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** `adf` and what else the API calls senders, as people do. */
export const SOURCE_NAMES: Record<string, string> = {
  adf: "Data Factory",
  databricks: "Databricks",
  airflow: "Airflow",
  "azure-monitor": "Azure Monitor",
};
export const sourceName = (source: string): string => SOURCE_NAMES[source] ?? source;

/** `ResourceExhaustion` -> `Resource exhaustion`. */
export function categoryName(errorType: string): string {
  const words = errorType.replace(/([a-z])([A-Z])/g, "$1 $2");
  return words.charAt(0) + words.slice(1).toLowerCase();
}

export const STATUS_NAMES: Record<string, string> = {
  open: "Open",
  in_progress: "In progress",
  acknowledged: "Acknowledged",
};
export const statusName = (status: string): string => STATUS_NAMES[status] ?? status;

/** Who answers, as the API calls them. */
const ENGINE_NAMES: Record<string, string> = { rules: "Rules", gemini: "Google Gemini", recall: "What helped before" };
export const engineName = (engine: string): string => ENGINE_NAMES[engine] ?? engine;
