/**
 * Tables as the DC/OS command line prints them: headings centred, numbers right, text left, no
 * lines. Pure.
 */
import { clean } from './clean.js';

/** A column: its heading, and what a row shows in it. */
export interface Column<Row> {
  readonly heading: string;
  readonly value: (row: Row) => string | number | undefined;
  /** Shown with `-o wide` only. */
  readonly isWide?: boolean;
  /** The most characters; longer text is cut with `...`. */
  readonly maxWidth?: number;
}

/** The lines of a table; only its headings where there are no rows. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => cellOf(column, row)));
  const isNumeric = columns.map(
    (_, at) => rows.length > 0 && rows.every((row) => typeof columns[at]?.value(row) === 'number'),
  );
  const widths = columns.map((column, at) =>
    Math.max(column.heading.length, ...cells.map((line) => widthOf(line[at] ?? ''))),
  );
  const heading = columns.map((column, at) => centre(column.heading, widths[at] ?? 0));
  const lines = cells.map((line) =>
    line.map((cell, at) => {
      const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
      return isNumeric[at] ? gap + cell : cell + gap;
    }),
  );
  return [heading, ...lines].map((line) => `  ${line.join('  ')}`.trimEnd()).join('\n');
}

function cellOf<Row>(column: Column<Row>, row: Row): string {
  const value = column.value(row);
  const text = value === undefined ? '' : clean(String(value)).replace(/\s*\n\s*/g, ' ');
  const { maxWidth } = column;
  return maxWidth !== undefined && text.length > maxWidth
    ? `${text.slice(0, maxWidth - 3)}...`
    : text;
}

function centre(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return ' '.repeat(left) + text + ' '.repeat(Math.max(0, width - text.length - left));
}

// Characters, not UTF-16 units; enough for the names and messages that stand in tables.
function widthOf(text: string): number {
  return [...text].length;
}
