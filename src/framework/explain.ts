/**
 * Why something waits: shortfalls of many agents as one reason per requirement, and what no agent
 * could ever give. Pure.
 */
import type { Resource } from '../wire/mesos/common.js';
import { scalarsOf } from '../wire/resources/pool.js';
import { fieldOf } from './constraints.js';
import { match, type Shortfall, type ShortfallKind, viewOf } from './match.js';
import type { AgentTotals, Requirement } from './requirement.js';

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

/** An agent in the words of a refusal. */
export interface LargestAgent {
  readonly hostname: string;
  readonly cpus: number;
  readonly memMb: number;
  readonly diskMb: number;
}

/** Whether an empty cluster could take it. */
export type Feasibility =
  | { readonly possible: true }
  | {
      readonly possible: false;
      /** One line, naming the largest agent and what is missing. */
      readonly text: string;
      readonly largest?: LargestAgent;
      readonly missing: readonly Shortfall[];
    };

/** Whether `instances` of `requirement` could ever be placed on `agents`, were they empty. */
export function feasible(
  requirement: Requirement,
  agents: readonly AgentTotals[],
  instances = 1,
): Feasibility {
  if (agents.length === 0) {
    return { possible: false, text: 'the cluster has no agents', missing: [] };
  }
  const answers = agents.map((agent) => ({
    agent,
    missing: missingOn(requirement, agent, instances),
  }));
  const fitting = answers.filter(({ missing }) => missing.length === 0).map(({ agent }) => agent);
  if (fitting.length === 0) return impossible(answers);
  return roomBetween(requirement, fitting, instances) ?? { possible: true };
}

function missingOn(
  requirement: Requirement,
  agent: AgentTotals,
  instances: number,
): readonly Shortfall[] {
  const { reservation, ...rest } = requirement;
  const asked: Requirement = reservation
    ? { ...rest, reservation: { ...reservation, existing: false } }
    : rest;
  const view = viewOf({
    id: { value: 'empty' },
    framework_id: { value: 'nobody' },
    agent_id: { value: agent.hostname },
    hostname: agent.hostname,
    resources: agent.resources.map(emptied),
    ...(agent.attributes ? { attributes: agent.attributes as never } : {}),
    ...(agent.domain ? { domain: agent.domain } : {}),
  });
  const result = match(asked, view, { others: [], instances });
  return result.ok ? [] : result.shortfalls;
}

/**
 * The resource as it would be with nobody on the agent: dynamic reservations and volumes undone,
 * whoever it is allocated to.
 */
function emptied(resource: Resource): Resource {
  const { disk, reservations, allocation_info: _allocated, ...rest } = resource;
  const left = (reservations ?? []).filter(({ type }) => type !== 'DYNAMIC');
  return {
    ...rest,
    ...(left.length > 0 ? { reservations: left } : {}),
    ...(disk?.source ? { disk: { source: disk.source } } : {}),
  };
}

function impossible(
  answers: readonly { readonly agent: AgentTotals; readonly missing: readonly Shortfall[] }[],
): Feasibility {
  const nearest = [...answers].sort(
    (a, b) => a.missing.length - b.missing.length || sizeOf(b.agent) - sizeOf(a.agent),
  )[0];
  if (nearest === undefined) return { possible: true };
  const { agent, missing } = nearest;
  const { cpus, mem, disk } = scalarsOf(agent.resources);
  const lacks = missing.map(({ asked, free, text }) =>
    free === undefined ? text : `${asked} asked, ${free} there`,
  );
  return {
    possible: false,
    text: `no agent could ever run it; the largest, ${agent.hostname}: ${lacks.join('; ')}`,
    largest: {
      hostname: agent.hostname,
      cpus: cpus / 1000,
      memMb: mem / 1000,
      diskMb: disk / 1000,
    },
    missing,
  };
}

function sizeOf(agent: AgentTotals): number {
  const { cpus, mem } = scalarsOf(agent.resources);
  return cpus + mem / 1000;
}

/** What keeps all `instances` from having places of their own, if anything does. */
function roomBetween(
  requirement: Requirement,
  fitting: readonly AgentTotals[],
  instances: number,
): Feasibility | undefined {
  for (const { field, operator, value } of requirement.constraints) {
    if (operator !== 'UNIQUE' && operator !== 'MAX_PER') continue;
    const places = new Set(fitting.map((agent) => fieldOf(agent, field))).size;
    const each = operator === 'UNIQUE' ? 1 : Number(value);
    if (places * each >= instances) continue;
    const rule =
      operator === 'UNIQUE' ? `each on a ${field} of its own` : `at most ${each} per ${field}`;
    const text = `${instances} instances asked, ${rule}, but only ${places} could take one`;
    return {
      possible: false,
      text,
      missing: [{ kind: 'constraint', asked: `${field} ${operator}`, free: places * each, text }],
    };
  }
  return undefined;
}
