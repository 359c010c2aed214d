/** Why something waits: shortfalls of many agents as one reason per requirement. Pure. */
import type { Shortfall, ShortfallKind } from './match.js';

/** One reason over all agents: asked, best free, by how many agents. */
export interface Reason {
  readonly kind: ShortfallKind;
  readonly asked: string;
  /** The nearest miss; absent where it is no amount. */
  readonly bestFree?: number;
  /** How many agents said no for this reason, and how many were asked; each counted once. */
  readonly agents: number;
  readonly ofAgents: number;
  /** `8 cpus asked: 3 of 3 agents have less free, at most 4`. */
  readonly text: string;
}

/** Sums up the newest answer of each agent (empty: it fits there); most frequent reason first. */
export function explain(shortfallsByAgent: ReadonlyMap<string, readonly Shortfall[]>): Reason[] {
  const groups = new Map<string, Shortfall[]>();
  for (const shortfalls of shortfallsByAgent.values()) {
    for (const shortfall of new Map(shortfalls.map((s) => [`${s.kind} ${s.asked}`, s])).values()) {
      const key = `${shortfall.kind} ${shortfall.asked}`;
      groups.set(key, [...(groups.get(key) ?? []), shortfall]);
    }
  }
  const ofAgents = shortfallsByAgent.size;
  return [...groups.values()]
    .map((group) => reasonOf(group, ofAgents))
    .sort((a, b) => b.agents - a.agents || (a.asked < b.asked ? -1 : 1));
}

function reasonOf(group: readonly Shortfall[], ofAgents: number): Reason {
  const [first] = group as [Shortfall];
  const amounts = group.map(({ free }) => free).filter((free) => free !== undefined);
  const { kind, asked } = first;
  const agents = group.length;
  const who = `${agents} of ${ofAgents} ${ofAgents === 1 ? 'agent' : 'agents'}`;
  if (amounts.length === 0) {
    return { kind, asked, agents, ofAgents, text: `${asked}: no on ${who}` };
  }
  const bestFree = Math.max(...amounts);
  const have = agents === 1 ? 'has' : 'have';
  return {
    kind,
    asked,
    bestFree,
    agents,
    ofAgents,
    text: `${asked} asked: ${who} ${have} less free, at most ${bestFree}`,
  };
}
