/** JSON set out over lines. Its numbers and texts stay as they were sent: parsed, long run ids would lose digits. */

const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** The lines, or null if the text is no JSON. */
export function indented(text: string): string[] | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const lines: string[] = [];
  let line = "";
  let depth = 0;
  const end = () => {
    lines.push(line);
    line = "  ".repeat(depth);
  };
  let before = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") {
      line += token;
      depth++;
      end();
    } else if (token === "}" || token === "]") {
      depth--;
      // `{}` stays on its line.
      if (before === "{" || before === "[") line = lines.pop() ?? "";
      else end();
      line += token;
    } else if (token === ",") {
      line += token;
      end();
    } else {
      line += token === ":" ? ": " : token;
    }
    before = token;
  }
  return [...lines, line];
}
