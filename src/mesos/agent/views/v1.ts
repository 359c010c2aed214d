/** The agent's v1 calls that only show the state (recordings: agent/a1_v1_*). */
import { agentInfoOf } from '../registration.js';
import { type AgentState, isCommandTask, isLive, type TaskRun } from '../state.js';
import { executorsOf } from './executors.js';

/** GET_TASKS. */
export function tasksV1(state: AgentState): Record<string, unknown> {
  const tasks = [...state.tasks.values()];
  const show = (holds: (task: TaskRun) => boolean): unknown[] =>
    tasks.filter(holds).map((task) => taskV1(state, task));
  return {
    pending_tasks: [],
    queued_tasks: show((task) => isLive(task) && task.statuses.length === 0),
    launched_tasks: show((task) => isLive(task) && task.statuses.length > 0),
    terminated_tasks: show((task) => !isLive(task) && task.pending.length > 0),
    completed_tasks: show((task) => !isLive(task) && task.pending.length === 0),
  };
}

function taskV1(state: AgentState, task: TaskRun): Record<string, unknown> {
  const { info, statuses } = task;
  // Mesos' Task has neither command nor data: no environment is ever shown.
  const {
    name,
    task_id,
    resources = [],
    labels,
    discovery,
    health_check,
    check,
    kill_policy,
  } = info;
  const last = statuses.at(-1);
  return {
    name,
    task_id,
    framework_id: { value: task.frameworkId },
    ...(isCommandTask(task) ? {} : { executor_id: { value: task.executorId } }),
    agent_id: { value: state.agentId ?? info.agent_id.value },
    state: last?.state ?? 'TASK_STAGING',
    resources,
    statuses,
    ...(last ? { status_update_state: last.state, status_update_uuid: last.uuid } : {}),
    ...(labels ? { labels } : {}),
    ...(discovery ? { discovery } : {}),
    ...(health_check ? { health_check } : {}),
    ...(check ? { check } : {}),
    ...(kill_policy ? { kill_policy } : {}),
  };
}

/** GET_EXECUTORS. */
export function executorsV1(state: AgentState): Record<string, unknown> {
  const all = executorsOf(state);
  const show = (live: boolean): unknown[] =>
    all.filter((executor) => executor.live === live).map(({ info }) => ({ executor_info: info }));
  return { executors: show(true), completed_executors: show(false) };
}

/** GET_FRAMEWORKS. */
export function frameworksV1(state: AgentState): Record<string, unknown> {
  const running = new Set(
    executorsOf(state)
      .filter(({ live }) => live)
      .map(({ frameworkId }) => frameworkId),
  );
  const show = (live: boolean): unknown[] =>
    [...state.frameworks]
      .filter(([id]) => running.has(id) === live)
      .map(([, framework_info]) => ({ framework_info }));
  return { frameworks: show(true), completed_frameworks: show(false) };
}

/** GET_STATE. */
export function stateV1(state: AgentState): Record<string, unknown> {
  return {
    get_tasks: tasksV1(state),
    get_executors: executorsV1(state),
    get_frameworks: frameworksV1(state),
  };
}

/** GET_AGENT. */
export function agentV1(state: AgentState): Record<string, unknown> {
  return { agent_info: agentInfoOf(state) };
}
