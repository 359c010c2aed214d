/**
 * What an operator wants to read in the log of `services`, told by the effects that follow from a
 * change: a status that is heard again has none, so it is not told again. Pure.
 */
import type { LogLevel } from '../core/logger.js';
import { terminalTaskStates } from '../wire/mesos/task.js';
import type { Effect, PublicEvent } from './messages.js';

/** One line of the log. */
export interface JournalLine {
  readonly level: Extract<LogLevel, 'info' | 'warn'>;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The lines that an effect is worth. */
export function linesOf(effect: Effect): JournalLine[] {
  if (effect.type === 'Launch') {
    return effect.tasks.map(({ task_id, agent_id }) => ({
      level: 'info',
      message: 'task launched',
      fields: { task: task_id.value, agent: agent_id.value },
    }));
  }
  if (effect.type !== 'Publish') return [];
  const line = lineOf(effect.event);
  return line === undefined ? [] : [line];
}

const deploymentTexts: Readonly<Record<string, string>> = {
  deployment_info: 'deployment begun',
  deployment_success: 'deployment complete',
  deployment_failed: 'deployment ended without success',
};

function lineOf(event: PublicEvent): JournalLine | undefined {
  const { eventType, appId: app, taskId: task, reason } = event;
  switch (eventType) {
    case 'status_update_event':
      return statusLine(event);
    case 'scheduler_registered_event':
    case 'scheduler_reregistered_event':
      return line('subscribed to the Mesos master', { frameworkId: event.frameworkId });
    case 'deployment_info':
    case 'deployment_success':
      return line(deploymentTexts[eventType] ?? eventType, deploymentOf(event));
    case 'deployment_failed':
      return warning(deploymentTexts[eventType] ?? eventType, deploymentOf(event));
    case 'instance_health_changed_event': {
      const { instanceId: instance, runSpecId, healthy } = event;
      const fields = { app: runSpecId, instance };
      return healthy ? line('instance healthy', fields) : warning('instance unhealthy', fields);
    }
    case 'unhealthy_instance_kill_event':
      return warning('an unhealthy instance is killed', { app, task, reason });
    case 'unhealthy_instance_kill_held_event':
      return warning('kills of unhealthy instances are held', { app, reason });
    case 'app_terminated_event':
      return line('app gone', { app });
    default:
      return undefined;
  }
}

function statusLine(event: PublicEvent): JournalLine | undefined {
  const { appId: app, taskId: task, slaveId: agent, host: hostname, message } = event;
  const state = String(event.taskStatus);
  const facts = { app, task };
  if (state === 'TASK_RUNNING') return line('task running', facts);
  if (state === 'TASK_UNREACHABLE') {
    return warning('the agent of the task is unreachable', { ...facts, agent, hostname });
  }
  const over = terminalTaskStates.has(state as never) || state === 'TASK_UNKNOWN';
  if (!over) return undefined;
  const calm = state === 'TASK_KILLED' || state === 'TASK_FINISHED';
  return (calm ? line : warning)('task ended', { ...facts, state, text: message });
}

function deploymentOf({ plan }: PublicEvent): JournalLine['fields'] {
  const { id, steps } = plan as { readonly id: string; readonly steps: unknown };
  return { deployment: id, steps };
}

function line(message: string, fields: JournalLine['fields']): JournalLine {
  return { level: 'info', message, fields };
}

function warning(message: string, fields: JournalLine['fields']): JournalLine {
  return { level: 'warn', message, fields };
}
