/**
 * Who is offered what: by dominant resource fairness, first between roles, then between the
 * frameworks of a role (Ghodsi et al., NSDI 2011; apache/mesos docs/allocation-module.md). Each
 * agent's free resources that one framework may have go to it as one offer; nobody waits for an
 * interval, since whatever changes marks its agent as dirty.
 */
import type { Resource } from '../../wire/mesos/common.js';
import {
  allocatedTo,
  contains,
  reservedRoleOf,
  resourcesOf,
  scalarsOf,
} from '../../wire/resources/pool.js';
import { count, type Turn, tell } from './events.js';
import { putIntoOffer } from './holdings.js';
import { refusalKey } from './keys.js';
import type { Agent, Framework, MasterState, OfferRecord, Scalars } from './state.js';
import { offerMessage } from './views/offer.js';

/**
 * The least that is offered of unreserved resources, in thousandths (Mesos'
 * `min_allocatable_resources`).
 */
const leastCpus = 10;
const leastMem = 32_000;

/** Offers what is free on dirty agents. */
export function allocate(turn: Turn): void {
  const { state } = turn;
  const agents = state.allDirty
    ? [...state.agents.values()]
    : [...state.dirtyAgents]
        .map((id) => state.agents.get(id))
        .filter((agent) => agent !== undefined);
  state.allDirty = false;
  state.dirtyAgents.clear();
  const open = agents.filter((agent) => agent.link !== undefined && agent.free.size > 0);
  if (open.length === 0) return;
  count(state, 'allocator/mesos/allocation_runs');
  const total = clusterTotal(state);
  const made = new Map<Framework, OfferRecord[]>();
  for (const agent of open) {
    for (const [role, framework] of candidates(state, total)) {
      const resources = offerable(agent, framework, role);
      if (resources.length === 0 || isRefused(state, framework, role, agent, resources)) continue;
      const offer = newOffer(state, agent, framework, role, resources);
      putIntoOffer(state, agent, offer);
      made.set(framework, [...(made.get(framework) ?? []), offer]);
    }
  }
  for (const [framework, offers] of made) sendOffers(turn, framework, offers);
}

/** Roles and frameworks that want offers, the one that has the least first. */
export function candidates(state: MasterState, total: Scalars): [string, Framework][] {
  const roleShares = new Map<string, Scalars>();
  const wanting: { role: string; framework: Framework; share: number }[] = [];
  for (const framework of state.frameworks.values()) {
    for (const [role, held] of framework.held) sumInto(roleShares, role, held);
    if (framework.stream === undefined) continue;
    for (const role of framework.roles) {
      if (framework.suppressed.has(role)) continue;
      wanting.push({ role, framework, share: dominantShare(framework.held.get(role), total) });
    }
  }
  const shareOfRole = (role: string): number => dominantShare(roleShares.get(role), total);
  return wanting
    .sort(
      (a, b) =>
        shareOfRole(a.role) - shareOfRole(b.role) ||
        compare(a.role, b.role) ||
        a.share - b.share ||
        compare(a.framework.id, b.framework.id),
    )
    .map(({ role, framework }) => [role, framework]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sumInto(sums: Map<string, Scalars>, role: string, held: Scalars): void {
  const sum = sums.get(role) ?? { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) sum[name] += held[name];
  sums.set(role, sum);
}

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

function clusterTotal(state: MasterState): Scalars {
  const total: Scalars = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const agent of state.agents.values()) {
    const has = scalarsOf(agent.total);
    for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) total[name] += has[name];
  }
  return total;
}

/**
 * What of the agent's free resources the framework may have in `role`; empty where it is too
 * little to be of use.
 */
function offerable(agent: Agent, framework: Framework, role: string): Resource[] {
  const free = resourcesOf(agent.free);
  const hasGpus = agent.total.size > 0 && scalarsOf(agent.total).gpus > 0;
  if (hasGpus && !framework.capabilities.has('GPU_RESOURCES')) return [];
  const own = free.filter((resource) => {
    const reserved = reservedRoleOf(resource);
    return reserved === undefined || reserved === role || role.startsWith(`${reserved}/`);
  });
  const { cpus, mem } = scalarsOf(own);
  const anyReserved = own.some((resource) => reservedRoleOf(resource) !== undefined);
  return cpus >= leastCpus || mem >= leastMem || anyReserved ? allocatedTo(role, own) : [];
}

/**
 * Whether the framework has said lately that it does not want these resources, or less than them,
 * of this agent.
 */
function isRefused(
  state: MasterState,
  framework: Framework,
  role: string,
  agent: Agent,
  resources: readonly Resource[],
): boolean {
  const key = refusalKey(role, agent.id);
  const refusals = (framework.refusals.get(key) ?? []).filter(({ until }) => until > state.awakeMs);
  if (refusals.length === 0) framework.refusals.delete(key);
  else framework.refusals.set(key, refusals);
  return refusals.some(({ refused }) => contains(refused, resources));
}

function newOffer(
  state: MasterState,
  agent: Agent,
  framework: Framework,
  role: string,
  resources: readonly Resource[],
): OfferRecord {
  const id = `${state.options.id}-O${state.nextOffer}`;
  state.nextOffer += 1;
  const expiresAt = state.awakeMs + state.options.offerTimeoutMs;
  return { id, frameworkId: framework.id, agentId: agent.id, role, resources, expiresAt };
}

function sendOffers(turn: Turn, framework: Framework, offers: readonly OfferRecord[]): void {
  const messages = offers.map((offer) => offerMessage(turn.state, framework, offer));
  count(turn.state, 'master/offers_sent', offers.length);
  tell(turn, framework, { type: 'OFFERS', offers: { offers: messages } });
}
