/**
 * Who is offered what: by dominant resource fairness, first between roles (`shares.ts`), then
 * between the frameworks of a role, and within what quota leaves (`quota/ledger.ts`) (Ghodsi et
 * al., NSDI 2011; apache/mesos docs/allocation-module.md). Each agent's free resources that one
 * framework may have go to it as one offer; nobody waits for an interval, since whatever changes
 * marks its agent as dirty.
 */
import type { Resource } from '../../wire/mesos/common.js';
import {
  allocatedTo,
  contains,
  exclusive,
  isShared,
  reservedRoleOf,
  resourcesOf,
  scalarsOf,
} from '../../wire/resources/pool.js';
import { count, type Turn, tell } from './events.js';
import { putIntoOffer } from './holdings.js';
import { refusalKey } from './keys.js';
import { satisfies } from './offer-constraints.js';
import { book, type Ledger, openLedger, portionFor } from './quota/ledger.js';
import { dominantShare, RoleShares } from './shares.js';
import type { Agent, Framework, MasterState, OfferRecord, Scalars } from './state.js';
import { offerMessage } from './views/offer.js';

/**
 * The least that is offered of unreserved resources, in thousandths (Mesos'
 * `min_allocatable_resources`).
 */
const leastCpus = 10;
const leastMem = 32_000;

/** Offers what is free on dirty agents, or on all where a quota makes one depend on the others. */
export function allocate(turn: Turn): void {
  const { state } = turn;
  const agents =
    state.allDirty || state.quotas.size > 0
      ? [...state.agents.values()]
      : [...state.dirtyAgents]
          .map((id) => state.agents.get(id))
          .filter((agent) => agent !== undefined);
  state.allDirty = false;
  state.dirtyAgents.clear();
  const open = agents.filter((agent) => isOfferable(state, agent) && agent.free.size > 0);
  if (open.length === 0) return;
  count(state, 'allocator/mesos/allocation_runs');
  const round: Round = {
    turn,
    total: clusterTotal(state),
    ledger:
      state.quotas.size === 0
        ? undefined
        : openLedger(state, (id) => isOfferable(state, state.agents.get(id))),
    made: new Map(),
  };
  if (round.ledger !== undefined && round.ledger.required.size > 0) {
    for (const agent of open) offerAgent(round, agent, true);
  }
  for (const agent of open) offerAgent(round, agent, false);
  for (const [framework, offers] of round.made) sendOffers(turn, framework, offers);
}

/** One run over the agents. */
interface Round {
  readonly turn: Turn;
  readonly total: Scalars;
  /** Where any role has a quota. */
  readonly ledger: Ledger | undefined;
  readonly made: Map<Framework, OfferRecord[]>;
}

function isOfferable(state: MasterState, agent: Agent | undefined): boolean {
  return agent?.link !== undefined && !state.deactivated.has(agent.id);
}

/**
 * Offers one agent to everybody in turn; `asGuaranteed` only to roles that miss something of what
 * they were guaranteed.
 */
function offerAgent({ turn, total, ledger, made }: Round, agent: Agent, asGuaranteed: boolean) {
  const { state } = turn;
  for (const [role, framework] of candidates(state, total)) {
    if (agent.free.size === 0) return;
    if (!satisfies(framework.constraints, role, agent.info)) continue;
    const own = offerable(agent, framework, role);
    const portion = ledger && portionFor(ledger, role, own, asGuaranteed);
    if (ledger !== undefined && portion === undefined) continue;
    const given = portion === undefined ? own : portion.resources;
    // A shared volume alone is no reason to offer: it is there again with whatever becomes free.
    if (!isWorthOffering(exclusive(given))) continue;
    const resources = allocatedTo(role, given);
    if (isRefused(state, framework, role, agent, resources)) continue;
    const offer = newOffer(state, agent, framework, role, resources);
    putIntoOffer(state, agent, offer);
    if (ledger !== undefined && portion !== undefined) book(ledger, role, portion);
    made.set(framework, [...(made.get(framework) ?? []), offer]);
  }
}

/** Roles and frameworks that want offers, the one that has the least first. */
export function candidates(state: MasterState, total: Scalars): [string, Framework][] {
  const roleShares = new RoleShares(state.weights, total);
  const wanting: { role: string; framework: Framework; share: number }[] = [];
  for (const framework of state.frameworks.values()) {
    for (const [role, held] of framework.held) roleShares.add(role, held);
    if (framework.stream === undefined) continue;
    for (const role of framework.roles) {
      if (framework.suppressed.has(role)) continue;
      wanting.push({ role, framework, share: dominantShare(framework.held.get(role), total) });
    }
  }
  return wanting
    .sort(
      (a, b) =>
        roleShares.compare(a.role, b.role) ||
        a.share - b.share ||
        compare(a.framework.id, b.framework.id),
    )
    .map(({ role, framework }) => [role, framework]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function clusterTotal(state: MasterState): Scalars {
  const total: Scalars = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const agent of state.agents.values()) {
    const has = scalarsOf(agent.total);
    for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) total[name] += has[name];
  }
  return total;
}

/** What of the agent's free resources the framework may have in `role`. */
function offerable(agent: Agent, framework: Framework, role: string): Resource[] {
  const free = resourcesOf(agent.free);
  const hasGpus = agent.total.size > 0 && scalarsOf(agent.total).gpus > 0;
  if (hasGpus && !framework.capabilities.has('GPU_RESOURCES')) return [];
  const shares = framework.capabilities.has('SHARED_RESOURCES');
  return free.filter((resource) => {
    if (isShared(resource) && !shares) return false;
    const reserved = reservedRoleOf(resource);
    return reserved === undefined || reserved === role || role.startsWith(`${reserved}/`);
  });
}

/** Whether it is not too little to be of use. */
function isWorthOffering(resources: readonly Resource[]): boolean {
  const { cpus, mem } = scalarsOf(resources);
  const anyReserved = resources.some((resource) => reservedRoleOf(resource) !== undefined);
  return cpus >= leastCpus || mem >= leastMem || anyReserved;
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
