/** What the model of a cluster (model-master.ts) knows of an agent and of a task on it. */
import type { TaskInfo, TaskState, TaskStatus } from '../../src/wire/mesos/task.js';
import { type Pool, poolOf } from '../../src/wire/resources/pool.js';

/** A task as its agent knows it. */
export interface ModelTask {
  readonly info: TaskInfo;
  readonly agent: ModelAgent;
  state: TaskState;
  killed: boolean;
  /** What its check has ended with. */
  checked?: number;
}

/** An agent, with what of it is free. */
export interface ModelAgent {
  readonly id: string;
  readonly hostname: string;
  readonly free: Pool;
  reachable: boolean;
  /** When it comes back to a master that lost its memory. */
  knownAt: number;
}

/** What the master says of a task. */
export const stateOf = (task: ModelTask): TaskState =>
  task.agent.reachable ? task.state : 'TASK_UNREACHABLE';

/** The status of a task in `state`, with what its check has ended with while it runs. */
export function statusOf(task: ModelTask, state: TaskState): TaskStatus {
  const { info, agent, checked: exit_code = 0 } = task;
  const passed = { check_status: { type: 'COMMAND' as const, command: { exit_code } } };
  return {
    task_id: info.task_id,
    agent_id: { value: agent.id },
    state,
    ...(task.checked !== undefined && state === 'TASK_RUNNING' ? passed : {}),
  };
}

/** The resources of a task. */
export function bare(info: TaskInfo): NonNullable<TaskInfo['resources']> {
  return info.resources ?? [];
}

/** An agent of 4 cpus and 2 GB with ten ports. */
export function agentOf(index: number, role: string): ModelAgent {
  const disk = { name: 'disk', type: 'SCALAR' as const, scalar: { value: 4096 } };
  return {
    id: `agent-${index}`,
    hostname: `host-${index}`,
    reachable: true,
    knownAt: 0,
    free: poolOf([
      { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 2048 } },
      ...(role === 'services' ? [] : [disk]),
      { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 1000, end: 1010 }] } },
    ]),
  };
}
