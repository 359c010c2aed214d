/**
 * The cells of the matrix of service × drill × engine: what has passed, and how long it took. A
 * check runs in a process of its own; its cells go through a file that the runner names.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** One drill that has passed. */
export interface Cell {
  /** The drill's name. */
  readonly drill: string;
  /** From the harm until it was whole again and had been looked at. */
  readonly ms: number;
}

/** Names the file that cells are written to, one JSON object a line. */
export const cellsFileVariable = 'DCOS_DRILLS_CELLS';
/** Names, as a JSON list, the drills that need not be run again. */
export const passedVariable = 'DCOS_DRILLS_PASSED';

/** The drills that have passed in an earlier, interrupted run of this check. */
export function passedCells(): ReadonlySet<string> {
  const text = process.env[passedVariable];
  return new Set(text === undefined ? [] : (JSON.parse(text) as string[]));
}

/** Writes down that a drill has passed, where somebody wants to know. */
export function recordCell(cell: Cell): void {
  const file = process.env[cellsFileVariable];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(cell)}\n`);
}

/** What a check has written down so far. */
export function readCells(file: string): Cell[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Cell);
}

/** The matrix as a table of Markdown: a row for each check, a column for each drill, seconds. */
export function matrix(
  rows: readonly { readonly name: string; readonly cells: readonly Cell[] }[],
  drills: readonly string[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const cell = (cells: readonly Cell[], drill: string): string => {
    const found = cells.findLast((one) => one.drill === drill);
    return found === undefined ? '–' : `${Math.round(found.ms / 1000)}`;
  };
  return [
    line(['', ...drills]),
    line(['---', ...drills.map(() => '---:')]),
    ...rows.map(({ name, cells }) => line([name, ...drills.map((drill) => cell(cells, drill))])),
  ].join('');
}
