/** What agents report: statuses of tasks, outcomes of operations, ends of executors, messages. */
import type { AgentMessage } from '../../wire/agent-link.js';
import type { TaskStatus } from '../../wire/mesos/task.js';
import { count, note, order, type Turn, tell } from './events.js';
import { takeOutOfUse } from './holdings.js';
import { executorKey, taskKey } from './keys.js';
import { operationEnded } from './operations.js';
import { removeAgent } from './register.js';
import type { Agent, Framework } from './state.js';
import { applyStatus, archive, isTerminal, tellStatus } from './tasks.js';

/** Takes in a message of a registered agent. */
export function reported(turn: Turn, agent: Agent, message: AgentMessage): void {
  switch (message.type) {
    case 'PONG':
      agent.awaitsPong = false;
      agent.missedPings = 0;
      return;
    case 'UPDATE':
      updated(turn, agent, message);
      return;
    case 'OPERATION_UPDATE': {
      const record = turn.state.operations.get(message.operation_uuid);
      if (record?.agentId === agent.id)
        operationEnded(turn, record, message.state, message.message);
      return;
    }
    case 'EXECUTOR_EXITED':
      executorExited(turn, agent, message);
      return;
    case 'FRAMEWORK_MESSAGE': {
      const framework = turn.state.frameworks.get(message.framework_id.value);
      if (framework === undefined) return;
      count(turn.state, 'master/messages_executor_to_framework');
      const { executor_id, data } = message;
      const agent_id = { value: agent.id };
      tell(turn, framework, { type: 'MESSAGE', message: { agent_id, executor_id, data } });
      return;
    }
    case 'UNREGISTER':
      removeAgent(turn, agent, 'unregistered', 'Agent unregistered', 'TASK_GONE');
      return;
  }
}

/**
 * The agent sends a status again until its framework acknowledges: what can't be delivered now is
 * dropped here.
 */
function updated(
  turn: Turn,
  agent: Agent,
  { framework_id, status: told }: Extract<AgentMessage, { type: 'UPDATE' }>,
): void {
  const { state } = turn;
  count(state, 'master/messages_status_update');
  const framework = state.frameworks.get(framework_id.value);
  if (framework === undefined) {
    if (state.removedFrameworks.has(framework_id.value)) {
      order(turn, agent, { type: 'SHUTDOWN_FRAMEWORK', framework_id });
    }
    return;
  }
  const status = drainedStatus(turn, agent, framework, told);
  const task = framework.tasks.get(status.task_id.value);
  if (task !== undefined && task.agent_id.value === agent.id) {
    const repeated = status.uuid !== undefined && status.uuid === task.status_update_uuid;
    if (!repeated) applyStatus(turn, framework, task, status);
    if (isTerminal(task.state)) agent.kills.delete(taskKey(framework.id, task.task_id.value));
    if (status.uuid === undefined && isTerminal(task.state))
      archive(turn, framework, task, undefined);
  }
  tellStatus(turn, framework, status);
}

/** What a drain that ends in giving the agent up kills is gone by order of the operator. */
function drainedStatus(
  { state }: Turn,
  agent: Agent,
  framework: Framework,
  status: TaskStatus,
): TaskStatus {
  const drained = status.reason === 'REASON_AGENT_DRAINING' && status.state === 'TASK_KILLED';
  return drained && state.drains.get(agent.id)?.markGone && framework.capabilities.has(aware)
    ? { ...status, state: 'TASK_GONE_BY_OPERATOR' }
    : status;
}
const aware = 'PARTITION_AWARE';

/** ACKNOWLEDGE: the agent may send the task's next status; an ended task is over. */
export function acknowledged(
  turn: Turn,
  framework: Framework,
  { agentId, taskId, uuid }: { agentId: string; taskId: string; uuid: string },
): void {
  const { state } = turn;
  count(state, 'master/messages_status_update_acknowledgement');
  const agent = state.agents.get(agentId);
  if (agent === undefined) return;
  const task = framework.tasks.get(taskId);
  if (
    task?.agent_id.value === agentId &&
    task.status_update_uuid === uuid &&
    task.status_update_state !== undefined &&
    isTerminal(task.status_update_state)
  ) {
    archive(turn, framework, task, undefined);
  }
  order(turn, agent, {
    type: 'ACKNOWLEDGE',
    framework_id: { value: framework.id },
    task_id: { value: taskId },
    uuid,
  });
}

function executorExited(
  turn: Turn,
  agent: Agent,
  { framework_id, executor_id, status }: Extract<AgentMessage, { type: 'EXECUTOR_EXITED' }>,
): void {
  const { state } = turn;
  count(state, 'master/messages_exited_executor');
  const framework = state.frameworks.get(framework_id.value);
  const key = executorKey(agent.id, executor_id.value);
  const executor = framework?.executors.get(key);
  if (framework === undefined || executor === undefined) return;
  framework.executors.delete(key);
  takeOutOfUse(state, agent, framework, executor.info.resources ?? []);
  note(turn, 'executor exited', { framework: framework.id, executor: executor_id.value, status });
  tell(turn, framework, {
    type: 'FAILURE',
    failure: { agent_id: { value: agent.id }, executor_id, status },
  });
}
