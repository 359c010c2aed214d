/** What the API shows of pods, endpoints and waiting (reference/sdk.md §5). Pure. */
import { explain } from '../framework/explain.js';
import { statusOfPlan } from '../framework/plan.js';
import { portsOf } from '../wire/service-spec.js';
import { fullName } from './commands.js';
import { leavingInstances } from './decommission.js';
import { isLive } from './instances.js';
import { type Instance, type State, type TaskRecord, targetOf } from './state.js';

/** A task of a pod, as `/v1/pod/status` shows it. */
export interface TaskView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

/** An endpoint: where to reach it. */
export interface EndpointView {
  /** `ip:port` of each instance. */
  readonly address: readonly string[];
  /** `hostname:port` of each; names of agents, which may not resolve everywhere. */
  readonly dns: readonly string[];
}

/** The advertised ports by name, sorted, with the addresses of the instances that hold them. */
export function endpointsOf(state: State): Map<string, EndpointView> {
  const found = new Map<string, { address: string[]; dns: string[] }>();
  for (const pod of targetOf(state)?.spec.pods ?? []) {
    for (const { name, advertise } of portsOf(pod)) {
      if (advertise) found.set(name, { address: [], dns: [] });
    }
  }
  for (const { reservation } of byName(state)) {
    for (const [name, port] of Object.entries(reservation?.ports ?? {})) {
      const endpoint = found.get(name);
      if (endpoint === undefined || reservation === undefined) continue;
      endpoint.address.push(`${reservation.place.address}:${port}`);
      endpoint.dns.push(`${reservation.place.hostname}:${port}`);
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Instances by pod and index. */
export function byName(state: State): Instance[] {
  return [...state.instances.values()].sort((a, b) =>
    a.pod === b.pod ? a.index - b.index : a.pod < b.pod ? -1 : 1,
  );
}

/** The tasks of an instance. */
export function tasksOf(state: State, instance: Instance): TaskView[] {
  const leaving = leavingInstances(state).some(({ name }) => name === instance.name);
  return inOrder(state, instance).map(([name, task]) => {
    const shown = task.state.replace('TASK_', '');
    const pause = task.paused && task.state === 'TASK_RUNNING' ? 'PAUSED' : 'PAUSING';
    const paused = instance.paused?.includes(name) ? pause : shown;
    const status = isLive(task) ? (leaving ? 'DECOMMISSIONING' : paused) : shown;
    return { id: task.id, name: fullName(instance, name), status };
  });
}

/** Tasks in the order of the spec. */
function inOrder(state: State, instance: Instance): [string, TaskRecord][] {
  const pod = targetOf(state)?.spec.pods.find(({ type }) => type === instance.pod);
  const names = pod?.tasks.map(({ name }) => name) ?? [];
  return Object.entries(instance.tasks).sort(([a], [b]) => names.indexOf(a) - names.indexOf(b));
}

/** `/v1/pod/status`. */
export function podStatuses(state: State): unknown {
  const types = [...new Set(byName(state).map(({ pod }) => pod))];
  return {
    service: state.serviceName,
    pods: types.map((type) => ({
      name: type,
      instances: byName(state)
        .filter(({ pod }) => pod === type)
        .map((instance) => ({ name: instance.name, tasks: tasksOf(state, instance) })),
    })),
  };
}

/** `/v1/pod/{name}/info`: what is known of the instance's task and where it is. */
export function podInfo(state: State, instance: Instance): unknown {
  const { reservation } = instance;
  return inOrder(state, instance).map(([name, task]) => {
    return {
      info: {
        name: fullName(instance, name),
        taskId: { value: task.id },
        slaveId: { value: reservation?.place.agentId ?? '' },
        hostname: reservation?.place.hostname,
        address: reservation?.place.address,
        ports: reservation?.ports ?? {},
        resourceId: reservation?.resourceId,
        targetConfiguration: task.configId,
        permanentlyFailed: instance.permanentlyFailed,
      },
      status: {
        taskId: { value: task.id },
        state: task.state,
        message: task.message,
        timestamp: task.updatedAt / 1000,
        ready: task.ready,
        ...(task.healthy === undefined ? {} : { healthy: task.healthy }),
      },
    };
  });
}

/**
 * `/v1/debug/offers`: for each instance that waits, why each agent was refused, and in one line.
 */
export function waitingReasons(state: State): unknown {
  return [...state.refusals].map(([instance, agents]) => ({
    instance,
    reasons: explain(new Map([...agents].map(([id, { shortfalls }]) => [id, shortfalls]))).map(
      ({ text }) => text,
    ),
    agents: [...agents.values()].map(({ hostname, shortfalls, at }) => ({
      hostname,
      reasons: shortfalls.map(({ text }) => text),
      at,
    })),
  }));
}

/** The health of the service as an HTTP status (reference/sdk.md §5, "Health codes"). */
export function healthOf(state: State): { readonly value: number; readonly reasons: string[] } {
  const deploy = state.plans.get('deploy');
  const recovery = state.plans.get('recovery');
  const deploying = deploy === undefined ? 'PENDING' : statusOfPlan(deploy.plan);
  const recovering = recovery === undefined ? 'COMPLETE' : statusOfPlan(recovery.plan);
  const answer = (value: number, reason: string) => ({ value, reasons: [reason] });
  if (deploying === 'ERROR') return { value: 500, reasons: deploy?.plan.errors ?? [] };
  if (state.frameworkId === undefined) return answer(318, 'the service has not registered yet');
  if (deploying === 'WAITING') return answer(207, 'the deploy plan waits to be continued');
  if (deploying === 'DELAYED') return answer(208, 'a launch waits for its back-off');
  if (deploying === 'PENDING') return answer(204, 'the deploy plan waits for resources');
  if (deploying !== 'COMPLETE') return answer(202, 'the deploy plan is in progress');
  if (['PENDING', 'DELAYED', 'WAITING'].includes(recovering)) {
    return answer(203, 'tasks wait to be recovered');
  }
  if (recovering !== 'COMPLETE') return answer(205, 'tasks are being recovered');
  for (const [name, { plan }] of state.plans) {
    if (!state.started.has(name)) continue;
    if (/restor/i.test(name))
      return answer(321, `the plan ${name} restores: ${statusOfPlan(plan)}`);
    if (/back/i.test(name)) return answer(320, `the plan ${name} backs up: ${statusOfPlan(plan)}`);
  }
  return answer(200, 'all plans are complete');
}
