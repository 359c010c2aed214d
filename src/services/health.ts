/**
 * Health of instances. Marathon-level checks run as Mesos checks beside the task (DESIGN §5):
 * Mesos tells only when a result changes, so the number of failures in a row follows from how long
 * results have been failing.
 * Pure.
 */
import type { App, HealthCheck } from '../wire/marathon.js';
import { checkResultOf } from '../wire/mesos/check-result.js';
import type { TaskStatus } from '../wire/mesos/task.js';
import type { Health, Instance } from './state.js';

/** The check that the agent runs for Marathon, if the app has one. */
export function marathonCheckOf(app: App): HealthCheck | undefined {
  return app.healthChecks.find(({ protocol }) => !protocol.startsWith('MESOS_'));
}

/** The health check whose failures make the agent kill the task, if the app has one. */
export function mesosCheckOf(app: App): HealthCheck | undefined {
  return app.healthChecks.find(({ protocol }) => protocol.startsWith('MESOS_'));
}

/** Health after a status of the task. */
export function healthAfter(
  app: App | undefined,
  health: Health,
  status: TaskStatus,
  now: number,
): Health {
  const told = status.healthy === undefined ? health : { ...health, mesosHealthy: status.healthy };
  const check = app && marathonCheckOf(app);
  if (check === undefined || status.check_status === undefined) return told;
  const result = checkResultOf(status.check_status);
  if (result?.passed) {
    const { failingSince: _since, failureCause: _cause, ...rest } = told;
    return {
      ...rest,
      passing: true,
      lastSuccessAt: now,
      firstSuccessAt: told.firstSuccessAt ?? now,
    };
  }
  const failing = {
    ...told,
    failingSince: told.failingSince ?? now,
    failureCause: result?.cause ?? 'no answer',
  };
  // An empty result says either that none is there yet, or, as news, that the check got no answer.
  if (result === undefined && status.reason !== checkUpdated) return failing;
  return { ...failing, passing: false, lastFailureAt: now };
}

const checkUpdated = 'REASON_TASK_CHECK_STATUS_UPDATED';

/** Whether the instance counts as healthy: one without checks does once it runs. */
export function isHealthy(
  app: App,
  { state, health }: Pick<Instance, 'state' | 'health'>,
): boolean {
  if (state !== 'TASK_RUNNING') return false;
  if (marathonCheckOf(app) !== undefined && health.passing !== true) return false;
  return mesosCheckOf(app) === undefined || health.mesosHealthy === true;
}

/** Whether checks exist and say that it is ill. */
export function isUnhealthy(
  app: App,
  { state, health }: Pick<Instance, 'state' | 'health'>,
): boolean {
  if (state !== 'TASK_RUNNING' || app.healthChecks.length === 0) return false;
  return health.passing === false || health.mesosHealthy === false;
}

/** Failures in a row by `now`. */
export function failuresInARow(check: HealthCheck, health: Health, now: number): number {
  if (health.failingSince === undefined) return 0;
  return Math.floor(Math.max(0, now - health.failingSince) / (check.intervalSeconds * 1000)) + 1;
}

/**
 * Why `instance` is to be killed for its failing checks; `undefined` if it is not (marathon
 * HealthCheckActor: one failure more than the limit).
 */
export function killReason(app: App, instance: Instance, now: number): string | undefined {
  const check = marathonCheckOf(app);
  const { health, startedAt, state } = instance;
  if (check === undefined || state !== 'TASK_RUNNING' || startedAt === undefined) return undefined;
  if (check.maxConsecutiveFailures === 0) return undefined;
  const inGrace = now - startedAt < check.gracePeriodSeconds * 1000;
  if (health.firstSuccessAt === undefined && inGrace) return undefined;
  const failures = failuresInARow(check, health, now);
  if (failures <= check.maxConsecutiveFailures) return undefined;
  return `${failures} health checks in a row failed: ${health.failureCause ?? 'no result'}`;
}
