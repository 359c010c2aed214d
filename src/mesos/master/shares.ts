/**
 * How much each role has of the cluster, for dominant resource fairness between roles: at every
 * level of their hierarchy, what a role and those under it have, by its weight (apache/mesos
 * src/master/allocator/mesos/sorter/drf/sorter.cpp, docs/weights.md).
 */
import type { Scalars } from './state.js';

/** The largest of the shares of the cluster's cpus, mem, disk and gpus that `held` is; 0 to 1. */
export function dominantShare(held: Scalars | undefined, total: Scalars): number {
  if (held === undefined) return 0;
  const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
  return Math.max(
    share(held.cpus, total.cpus),
    share(held.mem, total.mem),
    share(held.disk, total.disk),
    share(held.gpus, total.gpus),
  );
}

/** The sums; fill them with `add`, then `compare`. */
export class RoleShares {
  /** By path; a role's own part, beside those under it, is at `<path>/.`. */
  readonly #sums = new Map<string, Scalars>();
  readonly #weights: ReadonlyMap<string, number>;
  readonly #total: Scalars;

  constructor(weights: ReadonlyMap<string, number>, total: Scalars) {
    this.#weights = weights;
    this.#total = total;
  }

  /** A framework holds this in `role`. */
  add(role: string, held: Scalars): void {
    this.#sum(`${role}/.`, held);
    for (let end = role.length; end > 0; end = role.lastIndexOf('/', end - 1)) {
      this.#sum(role.slice(0, end), held);
    }
  }

  #sum(path: string, held: Scalars): void {
    const sum = this.#sums.get(path) ?? { cpus: 0, mem: 0, disk: 0, gpus: 0 };
    this.#sums.set(path, sum);
    for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) sum[name] += held[name];
  }

  /** Which role comes first: negative for `a`. What counts is where their paths part. */
  compare(a: string, b: string): number {
    if (a === b) return 0;
    const [left, right] = parting(a, b);
    return this.#share(left) - this.#share(right) || (left < right ? -1 : 1);
  }

  #share(path: string): number {
    return dominantShare(this.#sums.get(path), this.#total) / (this.#weights.get(path) ?? 1);
  }
}

/** The two neighbours in the hierarchy under which the roles are. */
function parting(a: string, b: string): [string, string] {
  const one = [...a.split('/'), '.'];
  const other = [...b.split('/'), '.'];
  let level = 0;
  while (one[level] === other[level] && level < one.length) level += 1;
  return [one.slice(0, level + 1).join('/'), other.slice(0, level + 1).join('/')];
}
