/** The state in Marathon's JSON. Pure; changes nothing. */
import { explain } from '../framework/explain.js';
import type { ShortfallKind } from '../framework/match.js';
import type {
  App,
  AppView,
  DeploymentView,
  HealthCheckResult,
  QueueView,
  RejectCount,
  TaskView,
} from '../wire/marathon.js';
import { failuresInARow, isHealthy, isUnhealthy, marathonCheckOf } from './health.js';
import { deploymentsOf, isDone, launchDelay } from './standing.js';
import { type Demand, type Deployment, type Instance, instancesOf, type State } from './state.js';

const iso = (time: number | undefined): string | null =>
  time === undefined ? null : new Date(time).toISOString();

/** An app with its counts and deployments. */
export function appView(state: State, app: App): AppView {
  const instances = instancesOf(state, app.id);
  const count = (test: (instance: Instance) => boolean): number => instances.filter(test).length;
  return {
    ...app,
    tasksStaged: count(({ state: s }) => s === 'TASK_STAGING' || s === 'TASK_STARTING'),
    tasksRunning: count(({ state: s }) => s === 'TASK_RUNNING'),
    tasksHealthy: app.healthChecks.length === 0 ? 0 : count((instance) => isHealthy(app, instance)),
    tasksUnhealthy: count((instance) => isUnhealthy(app, instance)),
    deployments: deploymentsOf(state, app.id).map(({ id }) => ({ id })),
  };
}

/** The tasks of an app, oldest first. */
export function tasksOf(state: State, appId: string, now: number): TaskView[] {
  return instancesOf(state, appId)
    .sort((a, b) => a.stagedAt - b.stagedAt || (a.taskId < b.taskId ? -1 : 1))
    .map((instance) => taskView(state, instance, now));
}

/** One task. */
export function taskView(state: State, instance: Instance, now: number): TaskView {
  const app = state.apps.get(instance.appId);
  const place = instance.domain?.fault_domain;
  const ip = instance.ip;
  return {
    id: instance.taskId,
    appId: instance.appId,
    slaveId: instance.agentId,
    host: instance.hostname,
    ipAddresses: ip === undefined ? [] : [{ ipAddress: ip, protocol: 'IPv4' }],
    ports: instance.ports,
    servicePorts: app?.portDefinitions.map(({ port }) => port) ?? [],
    state:
      instance.goal === 'stopped' && instance.state === 'TASK_RUNNING'
        ? 'TASK_KILLING'
        : instance.state,
    stagedAt: new Date(instance.stagedAt).toISOString(),
    startedAt: iso(instance.startedAt),
    version: instance.version,
    ...(place ? { region: place.region.name, zone: place.zone.name } : {}),
    role: app?.role ?? state.role,
    localVolumes: [],
    ...(app && app.healthChecks.length > 0
      ? { healthCheckResults: healthResults(app, instance, now) }
      : {}),
  };
}

function healthResults(app: App, instance: Instance, now: number): HealthCheckResult[] {
  const { health, instanceId } = instance;
  const check = marathonCheckOf(app);
  const known = check === undefined ? health.mesosHealthy : health.passing;
  if (known === undefined) return [];
  return [
    {
      alive: known,
      consecutiveFailures:
        check === undefined ? (known ? 0 : 1) : failuresInARow(check, health, now),
      firstSuccess: iso(health.firstSuccessAt),
      lastFailure: iso(health.lastFailureAt),
      lastSuccess: iso(health.lastSuccessAt),
      lastFailureCause: health.failureCause ?? null,
      instanceId,
    },
  ];
}

/** A deployment; its current step is the last, unless an app of it still stops. */
export function deploymentView(state: State, deployment: Deployment): DeploymentView {
  const { id, version, steps, before } = deployment;
  const current = Math.max(
    0,
    steps.findIndex(({ actions }) => actions.some(({ app }) => !isDone(state, app))),
  );
  const actions = steps[current]?.actions ?? [];
  return {
    id,
    version,
    affectedApps: Object.keys(before),
    affectedPods: [],
    steps,
    currentActions: actions.map((action) => ({ ...action, readinessCheckResults: [] })),
    currentStep: current + 1,
    totalSteps: steps.length,
  };
}

const reasonNames: Readonly<Record<ShortfallKind, string>> = {
  cpus: 'InsufficientCpus',
  mem: 'InsufficientMemory',
  disk: 'InsufficientDisk',
  gpus: 'InsufficientGpus',
  ports: 'InsufficientPorts',
  volume: 'InsufficientDisk',
  constraint: 'UnfulfilledConstraint',
  role: 'UnfulfilledRole',
  reservation: 'NoCorrespondingReservationFound',
};

/** In the order in which Marathon checks, and counts. */
const rejectOrder = [
  'UnfulfilledRole',
  'UnfulfilledConstraint',
  'NoCorrespondingReservationFound',
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
];

/** What waits to be launched, and why. */
export function queueView(
  state: State,
  appId: string,
  demand: Demand,
  embedOffers: boolean,
  now: number,
): QueueView | undefined {
  const app = state.apps.get(appId);
  if (app === undefined) return undefined;
  const left = launchDelay(state, appId, now);
  const known = [...demand.shortfalls.entries()];
  const rejects = rejectCounts(
    known.map(([, { list }]) => list.map(({ kind }) => reasonNames[kind])),
  );
  const lastUnusedOffers = known.map(([agentId, { hostname, at, list }]) => ({
    offer: { agentId, hostname },
    timestamp: new Date(at).toISOString(),
    reason: [...new Set(list.map(({ kind }) => reasonNames[kind]))],
  }));
  return {
    app,
    count: demand.count,
    role: app.role,
    since: new Date(demand.since).toISOString(),
    delay: { timeLeftSeconds: Math.ceil(left / 1000), overdue: left === 0 },
    processedOffersSummary: {
      processedOffersCount: demand.processed,
      unusedOffersCount: demand.unused,
      lastUnusedOfferAt: iso(demand.lastUnusedAt),
      lastUsedOfferAt: iso(demand.lastUsedAt),
      rejectSummaryLastOffers: rejects,
      rejectSummaryLaunchAttempt: rejects,
    },
    ...(embedOffers ? { lastUnusedOffers } : {}),
    reasons: waitingReasons(demand, left),
  };
}

function waitingReasons(demand: Demand, delayMs: number): string[] {
  if (delayMs > 0)
    return [`launches are delayed for another ${Math.ceil(delayMs / 1000)} s after failures`];
  const byAgent = new Map(
    [...demand.shortfalls].map(([agent, { list }]) => [agent, list] as const),
  );
  if (byAgent.size === 0) return ['no agent has offered anything yet'];
  return explain(byAgent).map(({ text }) => text);
}

/**
 * Each agent counts for the first reason in Marathon's order; later reasons were not looked at
 * for it.
 */
function rejectCounts(agents: readonly (readonly string[])[]): RejectCount[] {
  let processed = agents.length;
  return rejectOrder.map((reason) => {
    const index = rejectOrder.indexOf(reason);
    const declined = agents.filter(
      (reasons) =>
        reasons.includes(reason) && !rejectOrder.slice(0, index).some((r) => reasons.includes(r)),
    ).length;
    const count = { reason, declined, processed };
    processed -= declined;
    return count;
  });
}
