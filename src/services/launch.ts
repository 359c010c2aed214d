/**
 * Offers in, launches out: the instance is stored before its ACCEPT goes out, so that no crash
 * forgets a task (DESIGN §3). Pure.
 */
import { parseConstraints } from '../framework/constraints.js';
import { refusalSeconds } from '../framework/manners.js';
import { type Match, match, type OfferView, type Shortfall, viewOf } from '../framework/match.js';
import { nothing, type Requirement } from '../framework/requirement.js';
import type { App } from '../wire/marathon.js';
import type { Offer } from '../wire/mesos/scheduler.js';
import type { TaskInfo } from '../wire/mesos/task.js';
import type { Effect } from './messages.js';
import { dueDemands } from './settle.js';
import {
  type Demand,
  type Instance,
  instancesOf,
  keys,
  maxKnownAgents,
  putInstance,
  recordOf,
  type State,
} from './state.js';
import { instanceIdOf, secretSources, taskInfoOf } from './task.js';

/** What one instance of `app` asks of an agent. */
function requirementOf(app: App): Requirement {
  return {
    ...nothing,
    cpus: app.cpus,
    memMb: app.mem,
    diskMb: app.disk,
    gpus: app.gpus,
    ports: app.portDefinitions.map(({ name, port }, index) => ({
      name: name ?? String(index),
      port: app.requirePorts ? port : 0,
    })),
    constraints: parseConstraints(app.constraints),
    ...(app.acceptedResourceRoles ? { acceptedRoles: app.acceptedResourceRoles } : {}),
  };
}

/** Launches what waits and fits, and refuses the rest of the offers. */
export function useOffers(state: State, offers: readonly Offer[], now: number): Effect[] {
  const effects: Effect[] = [];
  const unused: Offer[] = [];
  const left = new Map(state.uninstall === 'no' ? dueDemands(state, now) : []);
  for (const offer of offers) {
    const launches = launchOn(state, offer, left, now);
    if (launches.length === 0) unused.push(offer);
    else effects.push(...acceptOf(launches, offer, left));
  }
  if (unused.length > 0) {
    const decline = {
      offer_ids: unused.map(({ id }) => id),
      filters: { refuse_seconds: refusalSeconds(sumOf(left)) },
    };
    effects.push({ type: 'Send', call: { type: 'DECLINE', decline } });
  }
  return effects;
}

interface Launch {
  readonly app: App;
  readonly instance: Instance;
  readonly task: TaskInfo;
}

const sumOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);

function launchOn(state: State, offer: Offer, left: Map<string, number>, now: number): Launch[] {
  let view: OfferView = viewOf(offer);
  const launches: Launch[] = [];
  for (const [appId, wanted] of left) {
    const app = state.apps.get(appId);
    const demand = state.demands.get(appId);
    if (app === undefined || demand === undefined) continue;
    const requirement = requirementOf(app);
    let count = wanted;
    let refusal: readonly Shortfall[] = [];
    while (count > 0) {
      const others = othersOf(state, app);
      const result = match(requirement, view, { others, instances: app.instances });
      if (!result.ok) {
        refusal = result.shortfalls;
        break;
      }
      view = result.left;
      count -= 1;
      launches.push(launch(state, app, offer, result.match, now));
    }
    note(demand, offer, refusal, count < wanted, now);
    left.set(appId, count);
  }
  return launches;
}

/** Where instances are that constraints count: those that stay. */
function othersOf(state: State, app: App): Instance[] {
  return instancesOf(state, app.id).filter(
    ({ goal, configVersion, inactive }) =>
      goal === 'running' &&
      inactive !== true &&
      configVersion === app.versionInfo.lastConfigChangeAt,
  );
}

function launch(state: State, app: App, offer: Offer, found: Match, now: number): Launch {
  const instanceId = instanceIdOf(app.id, state.random.uuid());
  const taskId = `${instanceId}._app.1`;
  const instance: Instance = {
    taskId,
    instanceId,
    appId: app.id,
    version: app.version,
    configVersion: app.versionInfo.lastConfigChangeAt,
    goal: 'running',
    state: 'TASK_STAGING',
    agentId: offer.agent_id.value,
    hostname: offer.hostname,
    attributes: offer.attributes ?? [],
    ...(offer.domain ? { domain: offer.domain } : {}),
    ports: found.ports,
    stagedAt: now,
    health: {},
  };
  putInstance(state, instance);
  return { app, instance, task: taskInfoOf(app, instanceId, taskId, offer, found) };
}

function acceptOf(
  launches: readonly Launch[],
  offer: Offer,
  left: ReadonlyMap<string, number>,
): Effect[] {
  const writes = launches.map(({ instance }) => recordOf(keys.instance(instance.taskId), instance));
  const secrets = Object.fromEntries(
    launches.flatMap(({ app, instance }) => {
      const sources = secretSources(app);
      return Object.keys(sources).length > 0 ? [[instance.taskId, sources]] : [];
    }),
  );
  return [
    { type: 'Persist', writes },
    {
      type: 'Launch',
      offerId: offer.id.value,
      tasks: launches.map(({ task }) => task),
      secrets,
      refuseSeconds: refusalSeconds(sumOf(left)),
    },
  ];
}

/** Remembers how the offer fared, for `/v2/queue`. */
function note(
  demand: Demand,
  offer: Offer,
  refusal: readonly Shortfall[],
  used: boolean,
  now: number,
): void {
  demand.processed += 1;
  const agentId = offer.agent_id.value;
  demand.shortfalls.delete(agentId);
  if (used) demand.lastUsedAt = now;
  else {
    demand.unused += 1;
    demand.lastUnusedAt = now;
  }
  if (refusal.length === 0) return;
  demand.shortfalls.set(agentId, { hostname: offer.hostname, at: now, list: refusal });
  const oldest = demand.shortfalls.keys().next().value;
  if (demand.shortfalls.size > maxKnownAgents && oldest !== undefined)
    demand.shortfalls.delete(oldest);
}
