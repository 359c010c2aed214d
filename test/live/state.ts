/** What a Mesos master says of itself, as far as the checks look at it. */
import { basicAuthorization, secretOf } from '../../src/core/credentials.js';
import { callJson } from '../../src/core/http/request.js';

/** A task in `/state`. */
export interface StateTask {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly slave_id: string;
  readonly framework_id: string;
  readonly resources: { readonly cpus: number; readonly mem: number };
}

/** A framework in `/state`. */
export interface StateFramework {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  readonly tasks: readonly StateTask[];
  readonly unreachable_tasks?: readonly StateTask[];
}

/** An agent in `/state`. */
export interface StateAgent {
  readonly id: string;
  readonly hostname: string;
  readonly active: boolean;
  readonly port?: number;
  readonly pid: string;
  readonly domain?: { readonly fault_domain: { readonly zone: { readonly name: string } } };
  readonly reserved_resources: Readonly<Record<string, unknown>>;
  readonly used_resources: Readonly<Record<string, number | string>>;
}

/** `GET /master/state`. */
export interface MasterState {
  readonly slaves: readonly StateAgent[];
  readonly frameworks: readonly StateFramework[];
  readonly unregistered_frameworks?: readonly unknown[];
  readonly orphan_tasks?: readonly unknown[];
}

/** Asks the master itself; `clusterKey` where it is an embedded one. */
export async function readState(url: string, clusterKey?: string): Promise<MasterState> {
  const { status, json } = await callJson({
    method: 'GET',
    url: `${url}/master/state`,
    timeoutMs: 5000,
    headers:
      clusterKey === undefined
        ? {}
        : { authorization: basicAuthorization('control', secretOf(clusterKey, 'control')) },
  });
  if (status !== 200) throw new Error(`the master answered ${status}`);
  return json as MasterState;
}

/** Tasks that run, by name. */
export function runningTasks(state: MasterState): Map<string, StateTask> {
  const tasks = state.frameworks.flatMap((framework) => framework.tasks);
  return new Map(
    tasks.filter((task) => task.state === 'TASK_RUNNING').map((task) => [task.name, task]),
  );
}

/**
 * What somebody still holds, in words: tasks, reservations, volumes, used resources, and active
 * frameworks but those named. Empty when a cluster is as it was before.
 */
export function holdings(state: MasterState, allowed: readonly string[]): string[] {
  const found: string[] = [];
  for (const framework of state.frameworks) {
    if (framework.active && !allowed.includes(framework.name)) {
      found.push(`framework ${framework.name} is active`);
    }
    for (const task of [...framework.tasks, ...(framework.unreachable_tasks ?? [])]) {
      found.push(`task ${task.id} of ${framework.name} is ${task.state}`);
    }
  }
  for (const agent of state.slaves) {
    const where = agent.hostname;
    for (const [role, resources] of Object.entries(agent.reserved_resources)) {
      found.push(`${where} holds for ${role}: ${JSON.stringify(resources)}`);
    }
    for (const [name, amount] of Object.entries(agent.used_resources)) {
      if (typeof amount === 'number' && amount > 0) found.push(`${where} uses ${amount} ${name}`);
    }
  }
  return found;
}
