/**
 * One way to print lists and single things: a table for people; JSON, YAML or names for programs.
 */
import type { Given } from '../command.js';
import type { Io } from '../io.js';
import { clean } from './clean.js';
import { type Column, formatTable } from './table.js';

/** How a list is shown. */
export interface ListView<Row> {
  readonly columns: readonly Column<Row>[];
  /** What `-q` and `-o name` print of a row. */
  readonly name: (row: Row) => string;
  /** What `--json` prints; the rows themselves if left out. */
  readonly json?: unknown;
}

/** Prints a list in the form that the flags ask for. */
export async function printList<Row>(
  io: Io,
  given: Given,
  rows: readonly Row[],
  view: ListView<Row>,
): Promise<void> {
  const format = formatOf(given);
  if (given.has('quiet') || format === 'name') {
    for (const row of rows) io.result(clean(view.name(row)));
    return;
  }
  if (format === 'json' || format === 'yaml') {
    await printValue(io, view.json ?? rows, format);
    return;
  }
  const columns = view.columns.filter((column) => !column.isWide || format === 'wide');
  io.result(formatTable(columns, rows));
}

/** Prints one thing: JSON unless YAML is asked for. */
export async function printValue(
  io: Io,
  value: unknown,
  format: 'json' | 'yaml' = 'json',
): Promise<void> {
  if (format === 'json') {
    io.result(formatJson(value));
    return;
  }
  const { formatYaml } = await import('./yaml.js');
  io.write(formatYaml(value));
}

/** JSON for people and programs: indented by 4; control characters stay escaped. */
export function formatJson(value: unknown, indent = 4): string {
  const text = JSON.stringify(value, null, indent) ?? 'null';
  // JSON escapes only the lower control characters; a terminal may obey the upper ones as well.
  return text.replace(/[\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The format that the flags ask for: `--json` is `-o json`. */
export function formatOf(given: Given): 'json' | 'yaml' | 'name' | 'wide' | 'table' {
  if (given.has('json')) return 'json';
  const format = given.text('output');
  return format === 'json' || format === 'yaml' || format === 'name' || format === 'wide'
    ? format
    : 'table';
}
