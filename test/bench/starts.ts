/**
 * When the processes of a service's tasks started and when their software served, seen from
 * outside: by what the agents of a local cluster leave on disk and what the software writes.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { localCluster } from '../live/engine.js';
import type { Live } from '../live/live.js';

/** One process of a task; all times in ms since 1970. */
export interface Start {
  /** `broker-1-broker` */
  readonly task: string;
  readonly container: string;
  readonly at: number;
  /** Absent while it neither serves nor has ended. */
  readonly servedAt?: number;
}

const entries = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const madeAt = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.mtimeMs;

const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** Watches the tasks of services on a local cluster; those of apps have other ids. */
export class Starts {
  readonly #works: readonly string[];
  readonly #serves: RegExp;
  readonly #since: number;
  readonly #seen = new Map<string, Start>();

  /** `serves` matches what a task writes once its software serves; one that ends needs no words. */
  constructor(live: Live, serves: RegExp) {
    this.#works = localCluster(live).agents.map(({ index }) =>
      join(live.dcosDir, 'local', `agent-${index}`, 'work'),
    );
    this.#serves = serves;
    // The clock of files runs up to a tick of the kernel behind.
    this.#since = Date.now() - 20;
  }

  /** Everything that started since this was made. */
  look(): Start[] {
    for (const work of this.#works) {
      for (const run of runsIn(work)) this.#lookAt(work, run);
    }
    return [...this.#seen.values()];
  }

  /** Looks again and again until `ended`. */
  async watch(ended: () => boolean): Promise<Start[]> {
    while (!ended()) {
      this.look();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this.look();
  }

  #lookAt(work: string, { task, container, sandbox }: Run): void {
    const known = this.#seen.get(container);
    if (known?.servedAt !== undefined) return;
    const at = known?.at ?? madeAt(join(work, 'meta', container, 'claim'));
    if (at === undefined || at < this.#since) return;
    const ended = madeAt(join(work, 'meta', container, 'exit'));
    const serves = ['stdout', 'stderr'].some((name) =>
      this.#serves.test(text(join(sandbox, name))),
    );
    const servedAt = ended ?? (serves ? Date.now() : undefined);
    this.#seen.set(container, {
      task,
      container,
      at,
      ...(servedAt === undefined ? {} : { servedAt }),
    });
  }
}

interface Run {
  readonly task: string;
  readonly container: string;
  readonly sandbox: string;
}

/** Runs of tasks of services, whose ids end with `__` and a uuid. */
function* runsIn(work: string): Iterable<Run> {
  const agents = join(work, 'slaves');
  for (const agent of entries(agents)) {
    const frameworks = join(agents, agent, 'frameworks');
    for (const framework of entries(frameworks)) {
      const executors = join(frameworks, framework, 'executors');
      for (const id of entries(executors)) {
        const task = /^(.+)__[0-9a-f-]{36}$/.exec(id)?.[1];
        if (task === undefined) continue;
        const runs = join(executors, id, 'runs');
        for (const container of entries(runs)) {
          if (container !== 'latest') yield { task, container, sandbox: join(runs, container) };
        }
      }
    }
  }
}

/** For how long at least one task was started and did not serve yet, in ms. */
export function startingMs(starts: readonly Start[], until: number): number {
  const spans = starts
    .map(({ at, servedAt = until }): [number, number] => [at, Math.min(servedAt, until)])
    .sort(([a], [b]) => a - b);
  let total = 0;
  let covered = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans) {
    total += Math.max(0, to - Math.max(from, covered));
    covered = Math.max(covered, to);
  }
  return total;
}
