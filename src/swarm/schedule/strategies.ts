/** Which of the fitting nodes comes first: spread, binpack, random (Docker Swarm, "strategies"). */
import type { Random } from '../../core/random.js';
import { failureLimit, type NodeView, type Want } from './view.js';

/** How nodes are ordered. */
export type Strategy = 'spread' | 'binpack' | 'random';

/** A node that may take it, or why its resources do not allow it. */
export type Ranked =
  | { readonly node: NodeView; readonly refused?: undefined }
  | { readonly node: NodeView; readonly refused: string };

/** Reads a strategy's name; `binpacking` is another word. `undefined` for none of them. */
export function strategyOf(name: string): Strategy | undefined {
  if (name === 'binpacking') return 'binpack';
  return name === 'spread' || name === 'binpack' || name === 'random' ? name : undefined;
}

/** Orders `nodes`, best first; those that lack resources come last, with the reason. */
export function rank(
  strategy: Strategy,
  want: Pick<Want, 'cpus' | 'memBytes'>,
  nodes: readonly NodeView[],
  random: Pick<Random, 'next'>,
): Ranked[] {
  if (strategy === 'random') return shuffled(nodes, random).map((node) => ({ node }));
  const scored = nodes.map((node) => scoreOf(want, node, strategy));
  const good = scored.filter((one) => one.refused === undefined);
  const sign = strategy === 'spread' ? 1 : -1;
  good.sort((a, b) => sign * (a.weight - b.weight || a.count - b.count));
  const bad = scored.filter((one) => one.refused !== undefined);
  return [...good, ...bad].map(({ node, refused }) =>
    refused === undefined ? { node } : { node, refused },
  );
}

interface Score {
  readonly node: NodeView;
  readonly weight: number;
  readonly count: number;
  readonly refused: string | undefined;
}

function scoreOf(
  { cpus, memBytes }: Pick<Want, 'cpus' | 'memBytes'>,
  node: NodeView,
  strategy: Strategy,
): Score {
  let usedCpus = 0;
  let usedMem = 0;
  for (const container of node.containers) {
    usedCpus += container.cpus;
    usedMem += container.memBytes;
  }
  const cpuScore = cpus > 0 ? Math.floor(((usedCpus + cpus) * 100) / node.cpus) : 100;
  const memScore = memBytes > 0 ? Math.floor(((usedMem + memBytes) * 100) / node.memBytes) : 100;
  const health = 100 - Math.floor((node.failures * 100) / failureLimit);
  const factor = strategy === 'spread' ? -10 : 10;
  const weight = cpuScore + memScore + factor * health;
  const count = node.containers.length;
  const lacks: string[] = [];
  if (cpuScore > 100) lacks.push(`${cpus} cpus asked, ${rounded(node.cpus - usedCpus)} free`);
  if (memScore > 100) {
    const mib = (bytes: number): number => rounded(bytes / 1048576);
    lacks.push(`${mib(memBytes)} MiB asked, ${mib(node.memBytes - usedMem)} free`);
  }
  return { node, weight, count, refused: lacks.length === 0 ? undefined : lacks.join(', ') };
}

const rounded = (value: number): number => Math.max(0, Math.round(value * 100) / 100);

function shuffled(nodes: readonly NodeView[], random: Pick<Random, 'next'>): NodeView[] {
  const left = [...nodes];
  for (let at = left.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random.next() * (at + 1));
    [left[at], left[other]] = [left[other] as NodeView, left[at] as NodeView];
  }
  return left;
}
