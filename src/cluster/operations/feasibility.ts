/**
 * Whether what an install asks for could ever run on these agents, or only not at the moment. Pure.
 */
import type { Resource } from '../../wire/mesos/common.js';
import type { OperatorAgent } from '../../wire/mesos/operator.js';
import { reservedRoleOf, scalarsOf } from '../../wire/resources/pool.js';

/** Resources in a user's units. */
export interface Amount {
  readonly cpus: number;
  readonly memMb: number;
  readonly diskMb: number;
}

/** One kind of instance that an install will start. */
export interface Need extends Amount {
  /** `the scheduler /kafka`, `a broker`. */
  readonly name: string;
  readonly count: number;
  /** Rules of placement that ask for several places at least. */
  readonly spreads?: readonly Spread[];
}

/** So many different values of a field its instances need, by one rule of their placement. */
export interface Spread {
  /** `hostname`, `@zone`, or an attribute. */
  readonly field: string;
  /** `UNIQUE`: one instance each. `MAX_PER`: `number` each. `GROUP_BY`: `number` values. */
  readonly operator: 'UNIQUE' | 'MAX_PER' | 'GROUP_BY';
  readonly number: number;
}

/** An agent as far as it matters here. */
export interface AgentRoom {
  readonly hostname: string;
  readonly zone: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** All that it has. */
  readonly total: Amount;
  /** What is neither used nor reserved. */
  readonly free: Amount;
}

/** The answer. */
export interface Feasibility {
  /** What can never run, one sentence each. */
  readonly impossible: readonly string[];
  /** What has to wait for something that is taken at the moment. */
  readonly waiting: readonly string[];
}

const units = [
  ['cpus', 'cpus', ''],
  ['memMb', 'memory', ' MB'],
  ['diskMb', 'disk', ' MB'],
] as const;

/** What an agent of the master's list has, in all and free. */
export function roomOf(agent: OperatorAgent): AgentRoom {
  const total = agent.total_resources ?? agent.agent_info.resources ?? [];
  const unreserved = (resource: Resource): boolean => reservedRoleOf(resource) === undefined;
  const free = scalarsOf(total.filter(unreserved));
  const used = scalarsOf((agent.allocated_resources ?? []).filter(unreserved));
  const attributes: Record<string, string> = {};
  for (const { name, text, scalar } of agent.agent_info.attributes ?? []) {
    attributes[name] = text?.value ?? String(scalar?.value ?? '');
  }
  return {
    hostname: agent.agent_info.hostname,
    zone: agent.agent_info.domain?.fault_domain?.zone.name,
    attributes,
    total: amountOf(scalarsOf(total)),
    free: amountOf({
      cpus: free.cpus - used.cpus,
      mem: free.mem - used.mem,
      disk: free.disk - used.disk,
    }),
  };
}

/**
 * Compares needs with agents: what no agent could ever give is impossible, what none has free now
 * waits.
 */
export function feasibilityOf(needs: readonly Need[], agents: readonly AgentRoom[]): Feasibility {
  const impossible: string[] = [];
  const waiting: string[] = [];
  for (const need of needs) {
    const never = impossibility(need, agents);
    if (never !== undefined) impossible.push(never);
  }
  if (impossible.length > 0) return { impossible, waiting };
  // Placed one after another where most is left: a rough forecast, good enough for a warning.
  const rooms = agents.map((agent) => ({ ...agent, free: { ...agent.free } }));
  for (const need of needs) {
    const placed = place(need, rooms);
    if (placed === need.count) continue;
    const what =
      need.count === 1 ? need.name : `${need.count - placed} of ${need.count} × ${need.name}`;
    waiting.push(`${what} (${describe(need)}) must wait: no agent has that free at the moment`);
  }
  return { impossible, waiting };
}

/** Why this can never run; `undefined` if it can. */
function impossibility(need: Need, agents: readonly AgentRoom[]): string | undefined {
  if (need.count === 0) return undefined;
  if (agents.length === 0)
    return `${need.name} needs ${describe(need)}, and the cluster has no agent`;
  const able = agents.filter(({ total }) => fits(need, total));
  if (able.length === 0) {
    const largest = largestFor(need, agents);
    const { hostname, total } = largest;
    const has = `the largest agent, ${hostname}, has ${describe(total)}`;
    return `${need.name} needs ${describe(need)}; ${has}: ${missing(need, total)} missing`;
  }
  for (const spread of need.spreads ?? []) {
    const places = new Set(able.map((agent) => placeOf(agent, spread.field))).size;
    const text = tooFew(need, spread, places);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Why so many places are not enough, and what would be. */
function tooFew(
  { name, count }: Need,
  { field, operator, number }: Spread,
  places: number,
): string | undefined {
  const all = `${count} × ${name}`;
  if (operator === 'GROUP_BY') {
    if (places >= Math.min(number, count)) return undefined;
    const wanted = `${all} must be spread over ${number} ${field}`;
    return `${wanted}, and only ${places} would do; at most ${places}`;
  }
  if (places * number >= count) return undefined;
  const rule =
    operator === 'UNIQUE'
      ? `each have a ${field} of their own`
      : `be ${number} per ${field} at most`;
  return `${all} must ${rule}, and only ${places} would do; at most ${places * number}`;
}

/** The agent that comes nearest: the one that lacks the least, in shares of what is needed. */
function largestFor(need: Need, agents: readonly AgentRoom[]): AgentRoom {
  const lack = ({ total }: AgentRoom): number =>
    units.reduce(
      (sum, [key]) => sum + Math.max(0, need[key] - total[key]) / Math.max(need[key], 1e-3),
      0,
    );
  return agents.reduce((best, agent) => (lack(agent) < lack(best) ? agent : best));
}

function place(need: Need, rooms: AgentRoom[]): number {
  const apart = need.spreads?.find(({ operator }) => operator === 'UNIQUE')?.field;
  const taken = new Set<string>();
  let placed = 0;
  for (; placed < need.count; placed += 1) {
    const room = rooms
      .filter((each) => fits(need, each.free))
      .filter((each) => apart === undefined || !taken.has(placeOf(each, apart)))
      .sort((a, b) => b.free.memMb - a.free.memMb)[0];
    if (room === undefined) break;
    if (apart !== undefined) taken.add(placeOf(room, apart));
    const { cpus, memMb, diskMb } = room.free;
    rooms[rooms.indexOf(room)] = {
      ...room,
      free: { cpus: cpus - need.cpus, memMb: memMb - need.memMb, diskMb: diskMb - need.diskMb },
    };
  }
  return placed;
}

function placeOf(agent: AgentRoom, field: string): string {
  if (field === '@zone') return agent.zone ?? '';
  if (field === 'hostname' || field === '@hostname') return agent.hostname;
  return agent.attributes[field] ?? '';
}

function fits(need: Amount, room: Amount): boolean {
  return units.every(([key]) => need[key] <= room[key] + 1e-6);
}

function missing(need: Amount, room: Amount): string {
  return units
    .filter(([key]) => need[key] > room[key] + 1e-6)
    .map(([key, name, unit]) => `${round(need[key] - room[key])}${unit} ${name}`)
    .join(', ');
}

function describe(amount: Amount): string {
  return units
    .filter(([key]) => amount[key] > 0)
    .map(([key, name, unit]) => `${round(amount[key])}${unit} ${name}`)
    .join(', ');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function amountOf({ cpus, mem, disk }: { cpus: number; mem: number; disk: number }): Amount {
  return { cpus: cpus / 1000, memMb: mem / 1000, diskMb: disk / 1000 };
}
