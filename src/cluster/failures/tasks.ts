/**
 * Tasks as the master tells of them: counted by service, and what ends against anybody's wish is
 * passed on. Pure.
 */
import { checkResultOf } from '../../wire/mesos/check-result.js';
import type { GetTasks, OperatorTask } from '../../wire/mesos/operator.js';
import { type TaskStatus, terminalTaskStates } from '../../wire/mesos/task.js';
import { amountOf } from '../../wire/resources/pool.js';
import type { FailuresEvent } from './events.js';
import { addAction, addLost, type Changes, openOnes } from './incidents.js';
import { describeTask, taskFailed, taskLostWithAgent } from './losses.js';
import { type FailuresState, frameworkName, type KnownTask, serviceKey, taskKey } from './state.js';

/** The other tasks of a pod are killed within this time after the one that failed, in ms. */
const collateralMs = 5_000;

const lostWithAgent = new Set(['TASK_UNREACHABLE', 'TASK_GONE', 'TASK_GONE_BY_OPERATOR']);

/** Knows a new task. */
export function addTask(state: FailuresState, task: OperatorTask): void {
  const key = taskKey(task.framework_id.value, task.task_id.value);
  if (terminalTaskStates.has(task.state)) return;
  const before = state.tasks.get(key);
  count(state, before, -1);
  const known = toKnown(state, task);
  // It comes back with its agent: what has passed once has passed, whatever its check says now.
  known.ready ||= before?.ready === true && task.state === 'TASK_RUNNING';
  state.tasks.set(key, known);
  count(state, known, 1);
}

/** Takes a task's new state. */
export function updateTask(
  state: FailuresState,
  changes: Changes,
  now: number,
  {
    frameworkId,
    status,
  }: Pick<Extract<FailuresEvent, { type: 'TaskUpdated' }>, 'frameworkId' | 'status'>,
): void {
  const key = taskKey(frameworkId, status.task_id.value);
  const task = state.tasks.get(key);
  if (task === undefined) return;
  const before = task.state;
  const ready = task.ready || isReady(status, task.readyExit);
  if (before === status.state && ready === task.ready) return;
  const ofService = serviceKeyOf(task);
  const had = state.running.get(ofService) ?? 0;
  const counted = before === 'TASK_RUNNING' && task.ready;
  count(state, task, -1);
  task.state = status.state;
  task.ready = ready;
  count(state, task, 1);
  if (before === status.state) return;
  if (terminalTaskStates.has(status.state)) state.tasks.delete(key);
  // A task that never served was still to be one more than did.
  const wanted = counted ? had : had + 1;
  if (status.state === 'TASK_RUNNING') noteStart(state, changes, now, task, before);
  else if (isLostWithAgent(status)) {
    if (before !== 'TASK_UNREACHABLE' || status.state !== 'TASK_GONE') {
      taskLostWithAgent(
        state,
        changes,
        now,
        task,
        status,
        before === 'TASK_UNREACHABLE' ? had : wanted,
      );
    }
  } else if (hasFailed(status, before)) taskFailed(state, changes, now, task, status, wanted);
  else if (status.state === 'TASK_KILLED' || status.state === 'TASK_FINISHED') {
    if (before === 'TASK_RUNNING' || before === 'TASK_KILLING') noteEnd(state, changes, now, task);
  }
}

/**
 * All that a master knows when a connection begins: what changed meanwhile is made up for, what
 * vanished silently is no failure.
 */
export function takeSnapshot(
  state: FailuresState,
  changes: Changes,
  now: number,
  tasks: GetTasks,
): void {
  const ended = [...(tasks.unreachable_tasks ?? []), ...(tasks.completed_tasks ?? [])];
  const listed = new Set(
    (tasks.tasks ?? []).map((each) => taskKey(each.framework_id.value, each.task_id.value)),
  );
  for (const task of ended) {
    const key = taskKey(task.framework_id.value, task.task_id.value);
    const status = task.statuses?.at(-1) ?? { task_id: task.task_id, state: task.state };
    if (state.tasks.has(key)) {
      updateTask(state, changes, now, {
        frameworkId: task.framework_id.value,
        status: { ...status, state: task.state },
      });
    }
    if (task.state === 'TASK_UNREACHABLE') listed.add(key);
  }
  // Tasks of agents that a new master still waits for are not in its list yet.
  forgetTasks(state, (task) => {
    const waited = state.agents.get(task.agentId)?.state;
    const comes =
      waited === 'recovering' ||
      waited === 'unreachable' ||
      state.agents.get(task.agentId)?.seen === false;
    return !comes && !listed.has(taskKey(task.frameworkId, task.taskId));
  });
  for (const task of tasks.tasks ?? []) {
    const known = state.tasks.get(taskKey(task.framework_id.value, task.task_id.value));
    const status = task.statuses?.at(-1);
    if (known === undefined || status === undefined) addTask(state, task);
    else
      updateTask(state, changes, now, {
        frameworkId: known.frameworkId,
        status: { ...status, state: task.state },
      });
  }
}

/** Forgets tasks without a word. */
export function forgetTasks(state: FailuresState, which: (task: KnownTask) => boolean): void {
  for (const [key, task] of state.tasks) {
    if (!which(task)) continue;
    count(state, task, -1);
    state.tasks.delete(key);
  }
}

/** TASK_LOST is what a framework without partition awareness is told. */
function isLostWithAgent(status: TaskStatus): boolean {
  if (lostWithAgent.has(status.state)) return true;
  return status.state === 'TASK_LOST' && /AGENT|SLAVE/.test(status.reason ?? '');
}

/**
 * Whether it ended by itself and should not have: an order to end (KILLING) came before in all
 * other cases.
 */
function hasFailed(status: TaskStatus, before: string): boolean {
  if (before === 'TASK_KILLING') return false;
  switch (status.state) {
    case 'TASK_FAILED':
    case 'TASK_ERROR':
    case 'TASK_LOST':
      return true;
    case 'TASK_DROPPED':
      return before === 'TASK_RUNNING';
    case 'TASK_KILLED':
      return status.healthy === false;
    default:
      return false;
  }
}

/** A start that something was waiting for is what the system did about it. */
function noteStart(
  state: FailuresState,
  changes: Changes,
  now: number,
  task: KnownTask,
  before: string,
): void {
  const key = serviceKeyOf(task);
  const where = state.agents.get(task.agentId)?.hostname ?? task.agentId;
  const verb = before === 'TASK_UNREACHABLE' ? 'found again' : 'started';
  for (const record of openOnes(state)) {
    const service = record.incident.services.find(
      (each) => serviceKey(each.framework, each.service) === key,
    );
    if (service === undefined || service.missing === 0) continue;
    addAction(record, now, `${verb} ${task.taskId} on ${where}`);
    changes.touch(record);
  }
}

/**
 * An end by order: there is one less to be wanted, unless it went with a failed task of its pod.
 */
function noteEnd(state: FailuresState, changes: Changes, now: number, task: KnownTask): void {
  const key = serviceKeyOf(task);
  for (const record of openOnes(state)) {
    const wanted = record.wanted[key];
    if (wanted === undefined) continue;
    const { incident } = record;
    const collateral =
      task.instance !== undefined &&
      now - incident.startedAt <= collateralMs &&
      incident.lost.some(
        ({ taskId }) => taskId !== task.taskId && instanceOf(taskId) === instanceOf(task.taskId),
      );
    if (collateral) addLost(record, describeTask(task, task.state), wanted);
    else record.wanted[key] = Math.max(0, wanted - 1);
    changes.touch(record);
  }
}

/**
 * What the tasks of one pod instance have in common in their ids (docs/architecture.md, "Labels on
 * tasks").
 */
function instanceOf(taskId: string): string {
  return taskId.replace(/\.[^.]*(\.\d+)?$/, '');
}

/** Whether it serves: it runs, and its check, if it has one, has passed. */
function isReady(
  { state, check_status }: Pick<TaskStatus, 'state' | 'check_status'>,
  readyExit: number | undefined,
): boolean {
  if (state !== 'TASK_RUNNING') return false;
  if (check_status === undefined) return true;
  const exit = check_status.command?.exit_code;
  if (readyExit !== undefined && exit === readyExit) return true;
  return checkResultOf(check_status)?.passed === true;
}

function count(state: FailuresState, task: KnownTask | undefined, by: number): void {
  if (task?.state !== 'TASK_RUNNING' || !task.ready) return;
  const key = serviceKeyOf(task);
  const running = (state.running.get(key) ?? 0) + by;
  if (running > 0) state.running.set(key, running);
  else state.running.delete(key);
}

function serviceKeyOf(task: KnownTask): string {
  return serviceKey(task.framework, task.service);
}

function toKnown(state: FailuresState, task: OperatorTask): KnownTask {
  const label = (name: string): string | undefined =>
    task.labels?.labels?.find(({ key }) => key === name)?.value;
  const code = label('DCOS_READY_EXIT_CODE');
  const readyExit = code === undefined ? undefined : Number(code);
  return {
    frameworkId: task.framework_id.value,
    framework: frameworkName(state, task.framework_id.value),
    taskId: task.task_id.value,
    name: task.name,
    service: label('DCOS_SERVICE') ?? task.name,
    instance: label('DCOS_INSTANCE'),
    executorId: task.executor_id?.value,
    uses: amountOf(task.resources),
    agentId: task.agent_id.value,
    state: task.state,
    readyExit,
    ready: isReady({ ...task.statuses?.at(-1), state: task.state }, readyExit),
  };
}
