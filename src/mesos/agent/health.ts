/**
 * Checks and health checks: what a result means (apache/mesos docs/health-checks.md). A check only
 * tells; a health check kills.
 */
import type { CheckStatus } from '../../wire/mesos/task.js';
import type { AgentEffect } from './events.js';
import { killTask } from './kill.js';
import type { AgentState, TaskRun } from './state.js';
import { statusOf } from './status.js';
import { queueUpdate } from './updates.js';

const defaultGraceSeconds = 10;
const defaultFailures = 3;

/** A check came to a result: told only if it differs from the one before. */
export function checkCompleted(
  state: AgentState,
  task: TaskRun,
  status: CheckStatus,
  now: number,
): AgentEffect[] {
  if (!isChecked(task) || JSON.stringify(task.check) === JSON.stringify(status)) return [];
  task.check = status;
  const details = { reason: 'REASON_TASK_CHECK_STATUS_UPDATED', check: status };
  return queueUpdate(state, task, statusOf(state, task, 'TASK_RUNNING', now, details), now);
}

/** A health check passed or failed. Too many failures in a row, past the grace period, kill. */
export function healthChecked(
  state: AgentState,
  task: TaskRun,
  healthy: boolean,
  now: number,
): AgentEffect[] {
  const check = task.info.health_check;
  if (!isChecked(task) || check === undefined) return [];
  const health = task.health ?? { failures: 0, passed: false };
  task.health = health;
  if (healthy) {
    const news = !health.passed || health.failures > 0;
    health.passed = true;
    health.failures = 0;
    return news ? tell(state, task, true, now) : [];
  }
  const graceMs = (check.grace_period_seconds ?? defaultGraceSeconds) * 1000;
  if (!health.passed && now - (task.startedAt ?? now) < graceMs) return [];
  health.failures += 1;
  const effects = tell(state, task, false, now);
  const allowed = check.consecutive_failures ?? defaultFailures;
  if (health.failures < allowed) return effects;
  return [...effects, ...killTask(state, task, now, { unhealthy: true })];
}

function isChecked(task: TaskRun): boolean {
  return task.phase === 'running' && task.kill === undefined;
}

function tell(state: AgentState, task: TaskRun, healthy: boolean, now: number): AgentEffect[] {
  const details = {
    reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
    healthy,
    check: task.check,
  };
  return queueUpdate(state, task, statusOf(state, task, 'TASK_RUNNING', now, details), now);
}
