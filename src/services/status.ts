/**
 * What a task's status means for its instance (mesos.proto TaskState; marathon
 * TaskStatusUpdateProcessor). Pure.
 */
import { afterFailure, type BackoffPolicy } from '../framework/backoff.js';
import { heardOf, mayComeBack } from '../framework/reconcile.js';
import type { App, TaskFailure } from '../wire/marathon.js';
import { type TaskState, type TaskStatus, terminalTaskStates } from '../wire/mesos/task.js';
import { healthAfter, isHealthy } from './health.js';
import type { Effect } from './messages.js';
import { type Instance, keys, putInstance, recordOf, removeInstance, type State } from './state.js';

/** Carries out `StatusReceived`: store what it implies, and only then acknowledge. */
export function receiveStatus(state: State, status: TaskStatus, now: number): Effect[] {
  const taskId = status.task_id.value;
  const instance = state.instances.get(taskId);
  const doubtful = instance?.startedAt !== undefined && instance.goal !== 'stopped';
  if (doubtful && mayComeBack(state.unknown, status, now)) return [];
  state.unknown.delete(taskId);
  state.reconciliation = heardOf(state.reconciliation, taskId);
  const effects =
    instance === undefined ? unknownTask(status) : applyStatus(state, instance, status, now);
  return [...effects, ...acknowledge(status)];
}

function acknowledge(status: TaskStatus): Effect[] {
  const { uuid, agent_id, task_id } = status;
  if (uuid === undefined || agent_id === undefined) return [];
  return [
    { type: 'Send', call: { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } } },
  ];
}

const isGone = (state: TaskState): boolean =>
  terminalTaskStates.has(state) || state === 'TASK_UNKNOWN';

/**
 * A task of ours that nobody wants any more (an instance given up as lost, whose agent is back)
 * must not go on.
 */
function unknownTask(status: TaskStatus): Effect[] {
  const { state, task_id, agent_id } = status;
  if (isGone(state) || state === 'TASK_UNREACHABLE' || state === 'TASK_KILLING') return [];
  return [
    { type: 'Send', call: { type: 'KILL', kill: { task_id, ...(agent_id ? { agent_id } : {}) } } },
  ];
}

function applyStatus(state: State, instance: Instance, status: TaskStatus, now: number): Effect[] {
  const app = state.apps.get(instance.appId);
  if (isGone(status.state)) return endInstance(state, app, instance, status, now);
  const after = changed(app, instance, status, now);
  const same = JSON.stringify(after) === JSON.stringify(instance);
  if (same) return [];
  putInstance(state, after);
  const effects: Effect[] = [
    { type: 'Persist', writes: [recordOf(keys.instance(after.taskId), after)] },
  ];
  if (after.state !== instance.state) effects.push(...tell(after, status, now));
  if (app !== undefined && isHealthy(app, after) !== isHealthy(app, instance)) {
    const { instanceId, version: runSpecVersion, appId: runSpecId } = after;
    const healthy = isHealthy(app, after);
    const event = {
      eventType: 'instance_health_changed_event',
      instanceId,
      runSpecId,
      healthy,
      runSpecVersion,
    };
    effects.push({ type: 'Publish', event });
  }
  return effects;
}

function changed(
  app: App | undefined,
  instance: Instance,
  status: TaskStatus,
  now: number,
): Instance {
  const { unreachableAt, inactive: _inactive, ...rest } = instance;
  const ip = addressOf(status);
  const running = status.state === 'TASK_RUNNING';
  const place = running ? { startedAt: instance.startedAt ?? now } : {};
  const known: Instance = {
    ...rest,
    ...place,
    ...(ip === undefined ? {} : { ip }),
    state: status.state,
  };
  // While it is out of reach its results say nothing: failures begin to count anew when it is back.
  const { failingSince: _since, ...calm } = instance.health;
  if (status.state === 'TASK_UNREACHABLE') {
    return {
      ...known,
      unreachableAt: unreachableAt ?? now,
      health: calm,
      ...(_inactive ? { inactive: true } : {}),
    };
  }
  return { ...known, health: healthAfter(app, instance.health, status, now) };
}

function addressOf(status: TaskStatus): string | undefined {
  return status.container_status?.network_infos?.[0]?.ip_addresses?.[0]?.ip_address;
}

/** The task is gone for good: its record goes, and why it went decides about back-off. */
function endInstance(
  state: State,
  app: App | undefined,
  instance: Instance,
  status: TaskStatus,
  now: number,
): Effect[] {
  removeInstance(state, instance);
  const writes = [recordOf(keys.instance(instance.taskId), null)];
  if (app !== undefined && isFailure(instance, status)) {
    const failure = failureOf(instance, status, now);
    state.failures.set(app.id, failure);
    writes.push(recordOf(keys.failure(app.id), failure));
    if (instance.configVersion === app.versionInfo.lastConfigChangeAt)
      delay(state, app, instance, now);
  }
  const effects: Effect[] = [
    { type: 'Persist', writes },
    ...tell({ ...instance, state: status.state }, status, now),
  ];
  if (app === undefined && !state.byApp.has(instance.appId)) {
    effects.push({
      type: 'Publish',
      event: { eventType: 'app_terminated_event', appId: instance.appId },
    });
  }
  return effects;
}

/** The agent's fault, not the task's: its going, its reboot, an order to stop. */
const agentReasons = new Set([
  'REASON_AGENT_REMOVED',
  'REASON_AGENT_REMOVED_BY_OPERATOR',
  'REASON_AGENT_RESTARTED',
  'REASON_AGENT_DISCONNECTED',
  'REASON_AGENT_UNKNOWN',
  'REASON_AGENT_DRAINING',
  'REASON_SLAVE_REMOVED',
  'REASON_SLAVE_RESTARTED',
  'REASON_SLAVE_DISCONNECTED',
  'REASON_SLAVE_UNKNOWN',
  'REASON_SLAVE_DRAINING',
  'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
  'REASON_INVALID_OFFERS',
  'REASON_MASTER_DISCONNECTED',
  'REASON_RECONCILIATION',
  'REASON_RESOURCES_UNKNOWN',
]);
const agentMessages = /(agent (is |was |has )?(stopp|shut|restart|reboot))|machine was restarted/i;

/** Whether the end of `instance` counts against its app. */
function isFailure(instance: Instance, status: TaskStatus): boolean {
  if (instance.goal === 'stopped') return instance.stopReason?.includes('health check') ?? false;
  if (agentReasons.has(status.reason ?? '') || agentMessages.test(status.message ?? ''))
    return false;
  if (status.state === 'TASK_KILLED') return status.healthy === false;
  return (
    status.state === 'TASK_FAILED' ||
    status.state === 'TASK_FINISHED' ||
    status.state === 'TASK_ERROR'
  );
}

/** Raises the back-off of an app's configuration; a good run before ends it. */
export function delay(
  state: State,
  app: App,
  instance: Pick<Instance, 'startedAt'>,
  now: number,
): void {
  const policy: BackoffPolicy = {
    initialMs: app.backoffSeconds * 1000,
    factor: app.backoffFactor,
    maxMs: app.maxLaunchDelaySeconds * 1000,
  };
  const configVersion = app.versionInfo.lastConfigChangeAt;
  const known = state.backoffs.get(app.id);
  const before = known?.configVersion === configVersion ? known.backoff : undefined;
  const ranForMs = instance.startedAt === undefined ? 0 : now - instance.startedAt;
  state.backoffs.set(app.id, {
    configVersion,
    backoff: afterFailure(policy, before, ranForMs, now),
  });
}

function failureOf(instance: Instance, status: TaskStatus, now: number): TaskFailure {
  return {
    appId: instance.appId,
    host: instance.hostname,
    message: instance.stopReason ?? status.message ?? '',
    state: status.state,
    taskId: instance.taskId,
    timestamp: new Date(now).toISOString(),
    version: instance.version,
    slaveId: instance.agentId,
  };
}

function tell(instance: Instance, status: TaskStatus, now: number): Effect[] {
  const { appId, taskId, instanceId, version, hostname: host, ports, agentId: slaveId } = instance;
  const taskStatus = status.state;
  const message = status.message ?? '';
  const update = { slaveId, taskId, taskStatus, message, appId, host, ports, version };
  return [
    {
      type: 'Publish',
      event: {
        eventType: 'status_update_event',
        ...update,
        ipAddresses:
          instance.ip === undefined ? [] : [{ ipAddress: instance.ip, protocol: 'IPv4' }],
      },
    },
    {
      type: 'Publish',
      event: {
        eventType: 'instance_changed_event',
        instanceId,
        condition: conditionOf(status.state),
        runSpecId: appId,
        runSpecVersion: version,
        agentId: slaveId,
        host,
        changedAt: new Date(now).toISOString(),
      },
    },
  ];
}

/** `TASK_RUNNING` → `Running`, as Marathon writes conditions. */
function conditionOf(state: TaskState): string {
  const words = state.slice('TASK_'.length).toLowerCase().split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
