/**
 * How many workers each job should have, which job is served next, and which workers go back to the
 * cluster. Pure arithmetic over what Spark's drivers ask for.
 */

/** What one task takes of an agent: Mesos' resources, and the Java heap and cores inside of it. */
export interface Size {
  readonly cpus: number;
  /** MiB, all of it. */
  readonly memMb: number;
  /** MiB */
  readonly heapMb: number;
  /** Of an executor: tasks that it runs at once. */
  readonly cores: number;
}

/** How a job says how many executors it wants. */
export type Demand =
  /** Spark's dynamic allocation: the driver asks, between `min` and `max`. */
  | {
      readonly kind: 'dynamic';
      readonly min: number;
      readonly initial: number;
      readonly max: number;
    }
  /** A fixed number as long as the job lasts. */
  | { readonly kind: 'fixed'; readonly count: number };

/** How many a job may have at most. */
export function mostOf(demand: Demand): number {
  return demand.kind === 'fixed' ? demand.count : demand.max;
}

/**
 * The executors that a running job should have. `asked` is what its driver has said last;
 * `undefined` while it is still starting: one worker starts beside the driver, not after it.
 */
export function wantedOf(demand: Demand, asked: number | undefined): number {
  if (demand.kind === 'fixed') return demand.count;
  const now = asked ?? Math.max(demand.initial, 1);
  return Math.min(Math.max(now, demand.min), demand.max);
}

/** A job as the sharing of workers sees it. */
export interface Share {
  readonly id: string;
  /** ms since 1970 */
  readonly submittedAt: number;
  readonly wanted: number;
  readonly have: number;
  readonly size: Pick<Size, 'cpus' | 'memMb'>;
}

/**
 * The job whose turn it is: of those that want more the one that holds least, by cpus, then memory,
 * then age. So jobs of equal appetite end up with equal shares, whoever came first.
 */
export function nextShare(shares: readonly Share[]): Share | undefined {
  return shares
    .filter(({ wanted, have }) => have < wanted)
    .sort(
      (a, b) =>
        a.have * a.size.cpus - b.have * b.size.cpus ||
        a.have * a.size.memMb - b.have * b.size.memMb ||
        a.submittedAt - b.submittedAt ||
        (a.id < b.id ? -1 : 1),
    )[0];
}

/**
 * The job that has to give one worker up for a job that has none: the one that holds most, if it
 * holds more than one. `undefined` where nobody has more than one.
 */
export function richest(shares: readonly Share[]): Share | undefined {
  return shares
    .filter(({ have }) => have > 1)
    .sort(
      (a, b) =>
        b.have * b.size.cpus - a.have * a.size.cpus ||
        b.have * b.size.memMb - a.have * a.size.memMb ||
        b.submittedAt - a.submittedAt,
    )[0];
}

/** A worker as the giving back sees it. */
export interface Idler {
  readonly id: string;
  /** Since when (ms since 1970) no executor is on it; `undefined` while one is, or may be. */
  readonly idleSince: number | undefined;
}

/**
 * Which workers go back: as many as the job has too many, of those that were of no use for
 * `graceMs`; the longest idle ones first.
 */
export function surplusOf(
  workers: readonly Idler[],
  wanted: number,
  graceMs: number,
  now: number,
): string[] {
  return workers
    .filter(({ idleSince }) => idleSince !== undefined && now - idleSince >= graceMs)
    .sort((a, b) => (a.idleSince ?? 0) - (b.idleSince ?? 0))
    .slice(0, Math.max(0, workers.length - wanted))
    .map(({ id }) => id);
}
