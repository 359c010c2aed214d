/**
 * What the states of tasks mean: executors that start and end, containers that reach their node,
 * are removed, lose it. An update is acknowledged only after what it implies is stored. Pure.
 */
import { DcosError } from '../core/errors.js';
import { tryParseJson } from '../core/json.js';
import { heardOf, mayComeBack } from '../framework/reconcile.js';
import { type TaskStatus, terminalTaskStates } from '../wire/mesos/task.js';
import { giveUp } from './launch.js';
import type { Effect } from './messages.js';
import {
  awaitPlace,
  type Container,
  containerWrite,
  dropContainer,
  healthOf,
  type Node,
  nodeWrite,
  type State,
} from './state.js';

/** Folds one update. */
export function statusReceived(state: State, status: TaskStatus, now: number): Effect[] {
  const taskId = status.task_id.value;
  if (state.reconciliation !== undefined) {
    state.reconciliation = heardOf(state.reconciliation, taskId);
  }
  const acknowledge = acknowledgementOf(status);
  const isTooEarly = mayComeBack(state.unknown, status, now);
  if (status.state !== 'TASK_UNKNOWN') state.unknown.delete(taskId);
  if (isTooEarly) return acknowledge;
  const node = [...state.nodes.values()].find(({ task }) => task?.taskId === taskId);
  if (node !== undefined) return [...engineStatus(state, node, status), ...acknowledge];
  const container = state.containers.get(state.tasks.get(taskId) ?? '');
  if (container !== undefined && state.uninstall === 'no') {
    return [...containerStatus(state, container, status, now), ...acknowledge];
  }
  return [...strangerStatus(state, status), ...acknowledge];
}

function acknowledgementOf({ uuid, agent_id, task_id }: TaskStatus): Effect[] {
  if (uuid === undefined || agent_id === undefined) return [];
  return [
    { type: 'Send', call: { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } } },
  ];
}

/** A task that nobody wants any more, of a container that moved or was removed meanwhile. */
function strangerStatus(state: State, { task_id, agent_id, state: word }: TaskStatus): Effect[] {
  const container = state.containers.get(state.tasks.get(task_id.value) ?? '');
  if (hasEnded(word)) {
    // Uninstalling: what has ended is forgotten.
    if (container === undefined) return [];
    return [{ type: 'Persist', writes: [dropContainer(state, container)] }];
  }
  if (word === 'TASK_UNREACHABLE' || word === 'TASK_KILLING') return [];
  for (const { formerTasks } of state.containers.values()) {
    if (formerTasks.includes(task_id.value)) return [];
  }
  return [killOf(task_id.value, agent_id?.value)];
}

/** The order to end a task; its executor removes the container. */
export function killOf(taskId: string, agentId: string | undefined): Effect {
  const kill = {
    task_id: { value: taskId },
    ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
  };
  return { type: 'Send', call: { type: 'KILL', kill } };
}

const hasEnded = (word: TaskStatus['state']): boolean =>
  terminalTaskStates.has(word) || word === 'TASK_UNKNOWN';

function engineStatus(state: State, node: Node, status: TaskStatus): Effect[] {
  const { task } = node;
  if (task === undefined) return [];
  if (status.state === 'TASK_RUNNING') {
    if (task.isRunning) return [];
    task.isRunning = true;
    return [{ type: 'Persist', writes: [nodeWrite(node)] }, { type: 'PlaceSoon' }];
  }
  if (!hasEnded(status.state)) return [];
  node.task = undefined;
  const health = healthOf(state, node.agentId);
  health.facts = undefined;
  health.error = status.message;
  state.hasFreshDemand = true;
  return [{ type: 'Persist', writes: [nodeWrite(node)] }, { type: 'PlaceSoon' }];
}

/** Places that are lost for good: what was there is not coming back under this agent's id. */
const goneWords = new Set<TaskStatus['state']>(['TASK_GONE', 'TASK_GONE_BY_OPERATOR']);

function containerStatus(
  state: State,
  container: Container,
  status: TaskStatus,
  now: number,
): Effect[] {
  const { state: word } = status;
  if (word === 'TASK_STARTING') return reachedNode(state, container);
  if (word === 'TASK_RUNNING') return isThere(state, container, status);
  if (word === 'TASK_UNREACHABLE' || goneWords.has(word)) {
    return nodeLost(state, container, word !== 'TASK_UNREACHABLE', now);
  }
  if (!hasEnded(word)) return [];
  if (word === 'TASK_FINISHED') {
    return [{ type: 'Persist', writes: [dropContainer(state, container)] }];
  }
  if (container.phase === 'making' && container.containerId === undefined) {
    return makingFailed(state, container, status, now);
  }
  // Its executor ended, the container did not: it gets a new task where it is. An agent that stops
  // in good order stops its containers as well.
  const { taskId, containerId } = container;
  if (word === 'TASK_UNKNOWN' && taskId !== undefined && containerId !== undefined) {
    container.formerTasks = [...container.formerTasks.filter((one) => one !== taskId), taskId];
  }
  if (word === 'TASK_KILLED') container.resumes = container.isRunning;
  return waitAgain(state, container, now);
}

/** Its task has reached the executor: the engine may be asked to make it. */
function reachedNode(state: State, container: Container): Effect[] {
  const { swarmId, agentId, containerId, phase, taskId } = container;
  if (phase !== 'making' || taskId === undefined || state.inMaking.has(taskId)) return [];
  const requestId = state.makers.get(swarmId);
  if (requestId !== undefined) {
    state.makers.delete(swarmId);
    state.inMaking.add(taskId);
    return [{ type: 'Reply', requestId, result: agentId }];
  }
  if (container.isMoved && containerId === undefined) {
    state.inMaking.add(taskId);
    return [{ type: 'MakeAgain', swarmId }];
  }
  // Its user has gone, with the program that would have made it: nothing stays half-made.
  if (containerId === undefined) return dropAndKill(state, container);
  return [];
}

function isThere(state: State, container: Container, status: TaskStatus): Effect[] {
  const told = tryParseJson(Buffer.from(status.data ?? '', 'base64').toString('utf8')) as
    | { containerId?: string }
    | undefined;
  if (container.phase === 'made' || container.containerId === undefined) {
    return container.phase === 'lost' ? [] : reachedNode(state, container);
  }
  if (told?.containerId !== undefined && told.containerId !== container.containerId) return [];
  container.phase = 'made';
  container.isMoved = false;
  // Its old task came back before it got a new one.
  state.waiting.delete(container.swarmId);
  const { swarmId, resumes } = container;
  container.resumes = false;
  const resume: Effect[] = resumes ? [{ type: 'Resume', swarmId }] : [];
  return [{ type: 'Persist', writes: [containerWrite(container)] }, ...resume];
}

/** Forgets a container and ends its task, wherever that is. */
export function dropAndKill(state: State, container: Container): Effect[] {
  const { taskId, agentId } = container;
  const write = dropContainer(state, container);
  const kill = taskId === undefined ? [] : [killOf(taskId, agentId)];
  return [{ type: 'Persist', writes: [write] }, ...kill];
}

function makingFailed(
  state: State,
  container: Container,
  { state: word, message, reason }: TaskStatus,
  now: number,
): Effect[] {
  const requestId = state.makers.get(container.swarmId);
  if (requestId === undefined) {
    if (container.isMoved) return waitAgain(state, container, now);
    return [{ type: 'Persist', writes: [dropContainer(state, container)] }];
  }
  const why = message ?? reason ?? word;
  return giveUp(
    state,
    container,
    requestId,
    new DcosError('failed', `the container could not be placed: ${why}`, { status: 500 }),
  );
}

function waitAgain(state: State, container: Container, now: number): Effect[] {
  container.phase = 'placing';
  container.isMoved = true;
  awaitPlace(state, container, now);
  return [{ type: 'Persist', writes: [containerWrite(container)] }, { type: 'PlaceSoon' }];
}

/** Its agent is gone, or cut off: with the policy it starts elsewhere, else it stays listed. */
function nodeLost(state: State, container: Container, isForGood: boolean, now: number): Effect[] {
  const { swarmId, agentId, name, phase } = container;
  const requestId = state.makers.get(swarmId);
  if (requestId !== undefined) {
    state.makers.delete(swarmId);
    const error = new DcosError('failed', 'its node was lost before it was made', { status: 500 });
    return giveUp(state, container, requestId, error);
  }
  if (container.reschedules) {
    const lostOn = state.nodes.get(agentId ?? '')?.name ?? agentId ?? '';
    // The old task is known no more: should it come back, it is killed and its container removed.
    if (container.taskId !== undefined) state.tasks.delete(container.taskId);
    container.taskId = undefined;
    if (container.containerId !== undefined) container.formerIds.push(container.containerId);
    container.containerId = undefined;
    container.formerTasks = [];
    container.agentId = undefined;
    const text = `${name} is started elsewhere: node ${lostOn} is lost`;
    const told: Effect = {
      type: 'Announce',
      action: 'reschedule',
      agentId: agentId ?? '',
      swarmId,
      text,
    };
    return [...waitAgain(state, container, now), told];
  }
  if (!isForGood || phase === 'lost') return [];
  container.phase = 'lost';
  return [{ type: 'Persist', writes: [containerWrite(container)] }];
}
