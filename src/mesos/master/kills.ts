/** Orders to kill tasks, repeated to an agent that may not have heard them. */
import type { TaskInfo } from '../../wire/mesos/task.js';
import { order, type Turn } from './events.js';
import { taskKey } from './keys.js';
import type { Agent, Framework, PendingKill, TaskRecord } from './state.js';
import { isTerminal } from './tasks.js';

/** Orders the agent to kill the task, now and whenever it registers until the task has ended. */
export function orderKill(
  turn: Turn,
  agent: Agent,
  framework: Framework,
  { task_id }: Pick<TaskRecord, 'task_id'>,
  more: Pick<PendingKill, 'killPolicy' | 'reason'>,
): void {
  const kill: PendingKill = { frameworkId: framework.id, taskId: task_id.value, ...more };
  agent.kills.set(taskKey(framework.id, task_id.value), kill);
  sendKill(turn, agent, kill);
}

/** Sends one order. */
export function sendKill(turn: Turn, agent: Agent, kill: PendingKill): void {
  const { frameworkId, taskId, killPolicy, reason } = kill;
  order(turn, agent, {
    type: 'KILL_TASK',
    framework_id: { value: frameworkId },
    task_id: { value: taskId },
    ...(killPolicy === undefined ? {} : { kill_policy: killPolicy }),
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Orders what still runs on an agent that is being drained to be killed; others are left alone. */
export function killForDrain(turn: Turn, agent: Agent): void {
  const drain = turn.state.drains.get(agent.id);
  if (drain === undefined) return;
  for (const framework of turn.state.frameworks.values()) {
    for (const task of framework.tasks.values()) {
      if (task.agent_id.value !== agent.id || isTerminal(task.state)) continue;
      const killPolicy = shorter(task.kill_policy, drain.maxGraceNs);
      orderKill(turn, agent, framework, task, {
        reason: 'REASON_AGENT_DRAINING',
        ...(killPolicy === undefined ? {} : { killPolicy }),
      });
    }
  }
}

/** The kill policy of a task, with a grace of at most `mostNs`; `undefined`: as the task has it. */
function shorter(
  policy: TaskInfo['kill_policy'],
  mostNs: number | undefined,
): TaskInfo['kill_policy'] {
  const own = policy?.grace_period?.nanoseconds;
  if (mostNs === undefined || (own !== undefined && own <= mostNs)) return undefined;
  return { grace_period: { nanoseconds: mostNs } };
}
