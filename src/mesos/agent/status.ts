/**
 * How a task's status is worded, as recorded from a real Mesos (recordings: scheduler/main_stream).
 */
import type { CheckInfo, CheckStatus, TaskState, TaskStatus } from '../../wire/mesos/task.js';
import type { Exit } from './events.js';
import type { AgentState, TaskRun } from './state.js';

/** What a status says besides the state. */
export interface StatusDetails {
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly healthy?: boolean | undefined;
  readonly check?: CheckStatus | undefined;
  /** The executor by default; the agent where no executor came to be. */
  readonly source?: 'SOURCE_AGENT' | 'SOURCE_EXECUTOR';
}

/** A status of `task` with a fresh uuid, so that it has to be acknowledged. */
export function statusOf(
  state: AgentState,
  task: TaskRun,
  taskState: TaskState,
  now: number,
  details: StatusDetails = {},
): TaskStatus {
  const { message, reason, healthy, check, source = 'SOURCE_EXECUTOR' } = details;
  return {
    task_id: task.info.task_id,
    state: taskState,
    ...(message === undefined ? {} : { message }),
    source,
    ...(reason === undefined ? {} : { reason }),
    agent_id: { value: state.agentId ?? task.info.agent_id.value },
    executor_id: { value: task.executorId },
    timestamp: now / 1000,
    uuid: uuidBytes(state.random.uuid()),
    ...(healthy === undefined ? {} : { healthy }),
    ...(check === undefined ? {} : { check_status: check }),
    ...(source === 'SOURCE_AGENT' ? {} : { container_status: containerStatusOf(state, task) }),
  };
}

/** Container, address and supervisor of a task. */
function containerStatusOf(
  state: AgentState,
  task: TaskRun,
): NonNullable<TaskStatus['container_status']> {
  const parent = task.parentId === undefined ? {} : { parent: { value: task.parentId } };
  return {
    container_id: { value: task.containerId, ...parent },
    network_infos: [{ ip_addresses: [{ protocol: 'IPv4', ip_address: state.self.host }] }],
    ...(task.pid === undefined ? {} : { executor_pid: task.pid }),
  };
}

/** The status of a check that has no result yet. */
export function blankCheck(check: CheckInfo): CheckStatus {
  const kind = check.type.toLowerCase();
  return { type: check.type, [kind]: {} };
}

/** How the end of a process reads. */
export function describeExit(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return `Command exited with status ${exit.code}`;
    case 'signal':
      return `Command terminated with signal ${signalTexts[exit.signal] ?? exit.signal}`;
    case 'lost':
      return 'Executor terminated';
    case 'rebooted':
      return 'The machine was restarted';
  }
}

/** A UUID as Mesos writes it in JSON: the base64 of its 16 bytes. */
function uuidBytes(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64');
}

/** strsignal(3). */
const signalTexts: Record<number, string> = {
  1: 'Hangup',
  2: 'Interrupt',
  3: 'Quit',
  4: 'Illegal instruction',
  5: 'Trace/breakpoint trap',
  6: 'Aborted',
  7: 'Bus error',
  8: 'Floating point exception',
  9: 'Killed',
  10: 'User defined signal 1',
  11: 'Segmentation fault',
  12: 'User defined signal 2',
  13: 'Broken pipe',
  14: 'Alarm clock',
  15: 'Terminated',
  24: 'CPU time limit exceeded',
  25: 'File size limit exceeded',
};
