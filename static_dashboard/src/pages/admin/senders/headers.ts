import { ApiError } from "../../../api/client";

/** `Name: value` lines as the API takes them; refuses a line that is none, as the API would. */
export function readHeaders(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim());
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      if (!name) throw new ApiError(400, `A header is written as Name: value; this is none: ${line.slice(0, 60)}`, "headers");
      return [name, value ?? ""];
    }),
  );
}
