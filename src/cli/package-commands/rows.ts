/** From what a program prints to objects, and from objects to a table. Pure. */
import { DcosError, messageOf } from '../../core/errors.js';
import type { OutputSpec } from '../../wire/service-commands.js';
import type { Column } from '../output/table.js';

/** One object of what a command found out. */
export type Row = Readonly<Record<string, unknown>>;

/** The longest line that is looked at; a longer one is no row. */
const maxLine = 100_000;

/** The lines of `text` that are rows. */
export function rowsIn(text: string, output: OutputSpec): Row[] {
  const pattern = new RegExp(output.pattern ?? '', 'u');
  return text.split(/\r?\n/).flatMap((line): Row[] => {
    const groups = line.length > maxLine ? undefined : pattern.exec(line)?.groups;
    if (groups === undefined) return [];
    const entries = Object.entries(groups).filter(([, value]) => value !== undefined);
    return [Object.fromEntries(entries.map(([name, value]) => [name, typed(name, value, output)]))];
  });
}

function typed(name: string, value: string, { numbers, lists }: OutputSpec): unknown {
  const one = (text: string): unknown => {
    const number = Number(text);
    return numbers.includes(name) && text.trim() !== '' && Number.isFinite(number) ? number : text;
  };
  if (!lists.includes(name)) return one(value);
  return value
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .map(one);
}

/** The one JSON document that a program printed. Throws `failed` where it is none. */
export function jsonIn(text: string): unknown {
  try {
    return text.trim() === '' ? null : JSON.parse(text);
  } catch (error) {
    const message = `the command's output is not JSON: ${text.slice(0, 200).trim()}`;
    throw new DcosError('failed', message, { hint: messageOf(error), cause: error });
  }
}

/** The columns for rows: those of the command, else one for each name. */
export function columnsFor(output: OutputSpec, rows: readonly Row[]): Column<Row>[] {
  const named = Object.entries(output.columns);
  const all = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = named.length > 0 ? named : all.map((name) => [name.toUpperCase(), name] as const);
  return columns.map(([heading, name]) => ({ heading, value: (row) => cell(row[name]) }));
}

function cell(value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((item) => cell(item) ?? '').join(',');
  return typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}
