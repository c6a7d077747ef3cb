/**
 * A text as rows on the screen. A line that is longer than ROW_LENGTH takes several: a line of a megabyte costs no more
 * to draw than what is seen of it, and the layout stays.
 */

const ROW_LENGTH = 2_000;

/** What a browser can still lay out, 20 px each: Firefox ends at 17.8 million px. */
const MOST_ROWS = 800_000;

export interface Rows {
  /** The first row of each line, and at the end how many rows there are. */
  first: Uint32Array;
  count: number;
  /** Whether there are more lines than can be shown. */
  cut: boolean;
}

export interface Row {
  /** From 0. */
  line: number;
  /** The part of the line that the row shows. */
  from: number;
  to: number;
}

export function rowsOf(lines: readonly string[], lineCount: number): Rows {
  const first = new Uint32Array(lineCount + 1);
  let rows = 0;
  let line = 0;
  for (; line < lineCount && rows < MOST_ROWS; line++) {
    first[line] = rows;
    rows += Math.max(1, Math.ceil((lines[line]?.length ?? 0) / ROW_LENGTH));
  }
  first[line] = rows;
  return { first: first.subarray(0, line + 1), count: rows, cut: line < lineCount };
}

/** Which part of which line a row shows. */
export function rowAt(rows: Rows, lines: readonly string[], row: number): Row {
  const line = lineOf(rows, row);
  const text = lines[line] ?? "";
  const part = row - (rows.first[line] ?? 0);
  return { line, from: boundary(text, part), to: boundary(text, part + 1) };
}

/** The row that shows this character of this line; the last one for lines that are not shown. */
export function rowOf(rows: Rows, line: number, character = 0): number {
  const first = rows.first[line];
  return first === undefined ? rows.count - 1 : first + Math.floor(character / ROW_LENGTH);
}

/** The line of a row: the last one that begins no later. */
function lineOf({ first }: Rows, row: number): number {
  let [low, high] = [0, Math.max(0, first.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((first[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a part of a line begins: never between the halves of one character. */
function boundary(text: string, part: number): number {
  const at = Math.min(part * ROW_LENGTH, text.length);
  const half = text.charCodeAt(at) >> 10 === 0x37; // DC00 to DFFF
  return half && at > 0 ? at + 1 : at;
}
