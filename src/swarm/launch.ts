/**
 * Offers in, tasks out: executors on nodes that lack one, containers on the node that the strategy
 * prefers. A record is stored before its ACCEPT goes out. Pure.
 */
import { DcosError } from '../core/errors.js';
import { refusalSeconds } from '../framework/manners.js';
import { match, type OfferView, type Shortfall } from '../framework/match.js';
import { nothing, type Requirement } from '../framework/requirement.js';
import type { TaskInfo } from '../wire/mesos/task.js';
import { engineLaunch } from './executor-task.js';
import type { Effect } from './messages.js';
import { schedule } from './schedule/schedule.js';
import type { Want } from './schedule/view.js';
import {
  type Container,
  containerWrite,
  dropContainer,
  type Node,
  nodeWrite,
  type State,
  type Waiting,
} from './state.js';
import { nodeViews } from './views.js';

/** How long the preferred node is waited for while others have offers, ms. */
const preferenceMs = 300;

/** Launches by offer, to become one ACCEPT each. */
type Launches = Map<string, TaskInfo[]>;

/** Launches what waits and fits. */
export function place(state: State, now: number): Effect[] {
  if (state.uninstall !== 'no') return [];
  const effects: Effect[] = [];
  const launches: Launches = new Map();
  for (const node of state.nodes.values()) {
    if (node.task === undefined) effects.push(...placeEngine(state, node, launches));
  }
  for (const waiting of [...state.waiting.values()]) {
    effects.push(...placeContainer(state, waiting, launches, now));
  }
  return [...effects, ...acceptsOf(state, launches)];
}

function placeEngine(state: State, node: Node, launches: Launches): Effect[] {
  for (const [offerId, view] of state.offers) {
    if (view.offer.agent_id.value !== node.agentId) continue;
    const launch = engineLaunch(state, node, view);
    if (launch === undefined) continue;
    node.task = launch.task;
    state.offers.set(offerId, launch.left);
    addLaunch(launches, offerId, launch.info);
    return [{ type: 'Persist', writes: [nodeWrite(node)] }];
  }
  return [];
}

function placeContainer(state: State, waiting: Waiting, launches: Launches, now: number): Effect[] {
  const container = state.containers.get(waiting.swarmId);
  const want = state.wants.get(waiting.swarmId);
  if (container === undefined || want === undefined) return [];
  const candidates = candidatesFor(state, container, want, waiting);
  if (candidates instanceof DcosError) {
    waiting.reason = candidates.message;
    // What moves stays on the list: a node may come back.
    return waiting.requestId === undefined || candidates.status !== 500
      ? []
      : giveUp(state, container, waiting.requestId, candidates);
  }
  const isPatient = state.offersSince === undefined || now - state.offersSince < preferenceMs;
  let shortfalls: string[] = [];
  for (const agentId of candidates) {
    const result = tryOn(state, container, want, agentId, launches, waiting);
    if (Array.isArray(result)) return result;
    shortfalls = [...shortfalls, `${state.nodes.get(agentId)?.name}: ${result}`];
    if (isPatient && candidates.length > 1) break;
  }
  waiting.reason = ['no offer of the cluster is large enough', ...shortfalls.slice(0, 20)].join(
    '\n',
  );
  return [];
}

/** Agents in order of preference, or the error: status 500 for what no node could ever fulfil. */
function candidatesFor(
  state: State,
  { swarmId, agentId }: Container,
  want: Want,
  { pinnedTo }: Waiting,
): readonly string[] | DcosError {
  if (pinnedTo !== undefined) return [pinnedTo];
  const views = nodeViews(state);
  // While it waits it counts nowhere, itself least of all.
  const others = views.map((view) => ({
    ...view,
    containers:
      agentId === undefined
        ? view.containers
        : view.containers.filter((one) => one.swarmId !== swarmId),
  }));
  const pins = state.pins.get(swarmId) ?? [];
  const placement = schedule({ ...want, pins }, others, state.settings.strategy, state.random);
  if (placement.ok) return placement.nodes.map(({ id }) => id);
  const status = placement.isFinal ? 500 : 503;
  return new DcosError('failed', placement.message, { status });
}

/** The effects of its launch there, or why it does not fit. */
function tryOn(
  state: State,
  container: Container,
  want: Want,
  agentId: string,
  launches: Launches,
  waiting: Waiting,
): Effect[] | string {
  const node = state.nodes.get(agentId);
  if (node?.task === undefined) return 'its executor waits for an offer';
  let refusal: readonly Shortfall[] = [];
  for (const [offerId, view] of state.offers) {
    if (view.offer.agent_id.value !== agentId) continue;
    const result = match(requirementOf(state, want, view), view, { others: [], instances: 1 });
    if (!result.ok) {
      refusal = result.shortfalls;
      continue;
    }
    state.offers.set(offerId, result.left);
    return launch(state, container, node, offerId, [...result.match.resources], launches, waiting);
  }
  if (refusal.length === 0) return 'it has offered nothing yet';
  return refusal.map(({ text }) => text).join(', ');
}

function launch(
  state: State,
  container: Container,
  node: Node,
  offerId: string,
  resources: TaskInfo['resources'],
  launches: Launches,
  { requestId, swarmId }: Waiting,
): Effect[] {
  if (container.taskId !== undefined) state.tasks.delete(container.taskId);
  container.attempt += 1;
  container.agentId = node.agentId;
  container.taskId = taskIdOf(container);
  container.phase = 'making';
  state.tasks.set(container.taskId, swarmId);
  state.waiting.delete(swarmId);
  if (requestId !== undefined) state.makers.set(swarmId, requestId);
  addLaunch(launches, offerId, taskInfoOf(state, container, node, resources));
  return [{ type: 'Persist', writes: [containerWrite(container)] }];
}

/** Task ids take letters, digits, `-`, `_` and `.`; the rest of a name does not matter. */
function taskIdOf({ name, swarmId, attempt }: Container): string {
  return `${name.slice(0, 60)}.${swarmId.slice(0, 12)}.${attempt}`;
}

function taskInfoOf(
  state: State,
  { name, swarmId, taskId = '', body, containerId }: Container,
  node: Node,
  resources: TaskInfo['resources'],
): TaskInfo {
  const labels = {
    DCOS_SERVICE: state.settings.serviceName,
    DCOS_INSTANCE: name,
    DCOS_SWARM_ID: swarmId,
    SWARM_CONTAINER_NAME: name,
    SWARM_IMAGE: body.Image ?? '',
    ...(containerId === undefined ? {} : { SWARM_CONTAINER_ID: containerId }),
  };
  return {
    name: name.slice(0, 200),
    task_id: { value: taskId },
    agent_id: { value: node.agentId },
    resources,
    ...(node.task === undefined ? {} : { executor: node.task.executor }),
    labels: { labels: Object.entries(labels).map(([key, value]) => ({ key, value })) },
  };
}

function addLaunch(launches: Launches, offerId: string, info: TaskInfo): void {
  const list = launches.get(offerId);
  if (list === undefined) launches.set(offerId, [info]);
  else list.push(info);
}

/**
 * What it holds while it exists. A host port is taken from the offer where that has it; else the
 * port filter alone guards it, so that well-known ports can be had.
 */
export function requirementOf(state: State, want: Want, view: OfferView): Requirement {
  const { defaultCpus, defaultMemMb } = state.settings;
  const memMb = want.memBytes > 0 ? Math.ceil(want.memBytes / 1048576) : defaultMemMb;
  const offered = view.offer.resources.flatMap(({ name, ranges }) =>
    name === 'ports' ? (ranges?.range ?? []) : [],
  );
  const isOffered = (port: number): boolean =>
    offered.some(({ begin, end }) => begin <= port && port <= end);
  const ports = [...new Set(want.hostPorts.map(({ port }) => port))].filter(isOffered);
  return {
    ...nothing,
    cpus: Math.max(0.01, want.cpus > 0 ? want.cpus : defaultCpus),
    memMb,
    ports: ports.map((port) => ({ name: String(port), port })),
  };
}

function acceptsOf(state: State, launches: Launches): Effect[] {
  const effects: Effect[] = [];
  for (const [offerId, infos] of launches) {
    state.offers.delete(offerId);
    effects.push({
      type: 'Send',
      call: {
        type: 'ACCEPT',
        accept: {
          offer_ids: [{ value: offerId }],
          operations: [{ type: 'LAUNCH', launch: { task_infos: infos } }],
          filters: { refuse_seconds: state.waiting.size > 0 ? 0 : refusalSeconds(1) },
        },
      },
    });
  }
  return effects;
}

/** Answers a create with `error` and forgets the container. */
export function giveUp(
  state: State,
  container: Container,
  requestId: string,
  error: DcosError,
): Effect[] {
  const write = dropContainer(state, container);
  return [
    { type: 'Persist', writes: [write] },
    { type: 'Reply', requestId, result: error },
  ];
}
