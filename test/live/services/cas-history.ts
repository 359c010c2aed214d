/**
 * Is the history of one compare-and-set register linearizable? Every write gives it a value that
 * no other gives, so what happened is a chain: the value that it had, and which one came after
 * which. What remains to be asked is whether the chain agrees with the clock. Pure.
 */

/** One operation as its client saw it; times in ms of one clock. */
export type RegisterOperation = {
  readonly startMs: number;
  /** Absent while it is not known how it ended: it may take effect at any time, or never. */
  readonly endMs?: number;
} & (
  | { readonly kind: 'set'; readonly from: string; readonly to: string }
  /** A read, or a compare-and-set that was refused and said why. */
  | { readonly kind: 'read'; readonly value: string }
);

/** What of the history can't be; empty where it is linearizable. `initial` is the first value. */
export function violationsOfHistory(
  initial: string,
  operations: readonly RegisterOperation[],
): string[] {
  const violations: string[] = [];
  const positions = chainOf(initial, operations, violations);
  const placed = operations.flatMap((operation) => {
    const value = operation.kind === 'set' ? operation.to : operation.value;
    const position = positions.get(value);
    if (position !== undefined) return [{ operation, value, position }];
    if (operation.endMs !== undefined) {
      violations.push(`${value} was acknowledged or read, but nothing leads to it`);
    }
    return [];
  });
  // In the order of their starts: whatever had ended before may not stand after them.
  const starts = [...placed].sort((a, b) => a.operation.startMs - b.operation.startMs);
  const ends = placed
    .filter(({ operation }) => operation.endMs !== undefined)
    .sort((a, b) => (a.operation.endMs ?? 0) - (b.operation.endMs ?? 0));
  let ended = 0;
  let latest = { value: initial, position: 0 };
  for (const { operation, value, position } of starts) {
    for (
      ;
      (ends[ended]?.operation.endMs ?? Number.POSITIVE_INFINITY) < operation.startMs;
      ended += 1
    ) {
      const done = ends[ended];
      if (done !== undefined && done.position > latest.position) latest = done;
    }
    // A write has to come after everything that ended before it began, a read not before it.
    const least = operation.kind === 'set' ? latest.position + 1 : latest.position;
    if (position < least) {
      violations.push(
        `${operation.kind} of ${value} began after ${latest.value} was there already`,
      );
    }
  }
  return [...violations, ...readsOfTheFuture(placed)];
}

interface Placed {
  readonly operation: RegisterOperation;
  readonly value: string;
}

function readsOfTheFuture(placed: readonly Placed[]): string[] {
  const begun = new Map(
    placed.flatMap(({ operation, value }) =>
      operation.kind === 'set' ? [[value, operation.startMs] as const] : [],
    ),
  );
  return placed.flatMap(({ operation: { kind, endMs = 0 }, value }) => {
    const since = begun.get(value);
    if (kind !== 'read' || since === undefined || endMs >= since) return [];
    return [`${value} was read before its write began`];
  });
}

/** The place of every value that the register must have had. */
function chainOf(
  initial: string,
  operations: readonly RegisterOperation[],
  violations: string[],
): Map<string, number> {
  const after = new Map<string, { to: string; known: boolean }[]>();
  const read = new Set<string>();
  for (const operation of operations) {
    if (operation.kind === 'read') read.add(operation.value);
    else {
      const known = operation.endMs !== undefined;
      const next = after.get(operation.from) ?? [];
      after.set(operation.from, [...next, { to: operation.to, known }]);
    }
  }
  // A write of unknown end took effect if its value was seen, or is what a later one was made from.
  const happened = (to: string, known: boolean): boolean =>
    known || read.has(to) || (after.get(to) ?? []).some((next) => happened(next.to, next.known));
  const positions = new Map([[initial, 0]]);
  for (let value = initial; ; ) {
    const next = (after.get(value) ?? []).filter(({ to, known }) => happened(to, known));
    if (next.length > 1) {
      const values = next.map(({ to }) => to).join(' and ');
      violations.push(`${values} both followed ${value}`);
    }
    const [only] = next;
    if (only === undefined || positions.has(only.to)) return positions;
    value = only.to;
    positions.set(value, positions.size);
  }
}
