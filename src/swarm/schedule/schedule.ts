/**
 * Where a container may go: filters, then strategy, first with soft expressions taken as hard
 * (Docker Swarm, "scheduling"). Pure.
 */
import type { Random } from '../../core/random.js';
import { filters } from './filters.js';
import { rank, type Strategy } from './strategies.js';
import type { NodeView, Want } from './view.js';

/** The answer: nodes in order of preference, or why there is none. */
export type Placement =
  | { readonly ok: true; readonly nodes: readonly NodeView[] }
  | {
      readonly ok: false;
      /** Classic Swarm's text, then a line per node. */
      readonly message: string;
      /** No node could take it even if it were idle: waiting is of no use. */
      readonly isFinal: boolean;
    };

const maxReasons = 20;

/** Places `want`; every node with a reason where none takes it. */
export function schedule(
  want: Want,
  nodes: readonly NodeView[],
  strategy: Strategy,
  random: Pick<Random, 'next'>,
): Placement {
  if (nodes.length === 0 || !nodes.some(({ isHealthy }) => isHealthy)) {
    const why = nodes.map((node) => `${node.name}: ${node.error ?? 'not connected yet'}`);
    return no('No healthy node available in the cluster', why, false);
  }
  const hard = attempt(want, nodes, strategy, random);
  if (hard.ok || !hasSoft(want)) return hard;
  return attempt(withoutSoft(want), nodes, strategy, random);
}

function attempt(
  want: Want,
  nodes: readonly NodeView[],
  strategy: Strategy,
  random: Pick<Random, 'next'>,
): Placement {
  let left = nodes;
  const reasons = new Map<string, string>();
  const conditions: string[] = [];
  for (const filter of filters) {
    const text = filter.text(want);
    if (text !== undefined) conditions.push(text);
    left = left.filter((node) => {
      const refusal = filter.refuse(want, node, nodes);
      if (refusal !== undefined) reasons.set(node.id, refusal);
      return refusal === undefined;
    });
    if (left.length > 0) continue;
    const lines = nodes.map(({ id, name }) => `${name}: ${reasons.get(id) ?? ''}`);
    const head = 'Unable to find a node that satisfies the following conditions ';
    return no([head, ...conditions].join('\n'), lines, true);
  }
  const ranked = rank(strategy, want, left, random);
  const good = ranked.flatMap(({ node, refused }) => (refused === undefined ? [node] : []));
  if (good.length > 0) return { ok: true, nodes: good };
  const lines = ranked.map(({ node, refused }) => `${node.name}: ${refused ?? ''}`);
  const others = nodes.filter(({ id }) => reasons.has(id));
  const out = others.map(({ id, name }) => `${name}: ${reasons.get(id)}`);
  return no('no resources available to schedule container', [...lines, ...out], true);
}

function no(message: string, reasons: readonly string[], isFinal: boolean): Placement {
  const shown = reasons.slice(0, maxReasons);
  const more = reasons.length > maxReasons ? [`and ${reasons.length - maxReasons} more`] : [];
  return { ok: false, message: [message, ...shown, ...more].join('\n'), isFinal };
}

const hasSoft = (want: Want): boolean =>
  [...want.constraints, ...want.affinities, ...want.whitelists].some(({ isSoft }) => isSoft);

function withoutSoft(want: Want): Want {
  const isHard = ({ isSoft }: { readonly isSoft: boolean }): boolean => !isSoft;
  return {
    ...want,
    constraints: want.constraints.filter(isHard),
    affinities: want.affinities.filter(isHard),
    whitelists: want.whitelists.filter(isHard),
  };
}
