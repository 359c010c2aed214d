/** The commands that a service's package brings: what they are, and the tasks that they run in. */
import { DcosError } from '../core/errors.js';
import type { RunSpec, ServiceCommands } from '../wire/service-commands.js';
import { readServedCommands } from '../wire/service-commands-parse.js';
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';
import { callService } from './services.js';
import { listTasks, type TaskView } from './tasks.js';

/** The commands of a service; none where its scheduler is too old to know of any. */
export async function getServiceCommands(
  http: Http,
  service: string,
  timeoutMs: number,
): Promise<ServiceCommands> {
  const call = { method: 'GET', rest: 'commands', timeoutMs } as const;
  const { data } = await callService(http, service, call);
  const result = readServedCommands(data);
  if (result.ok) return result.commands;
  const [{ path, message } = { path: '', message: '' }] = result.violations;
  throw new DcosError('failed', `the commands of ${service} make no sense: ${path} ${message}`, {
    hint: 'Another version of dcos may understand them',
  });
}

/** A task that a command runs in. */
export interface ChosenTask {
  /** `broker-1` */
  readonly instance: string;
  readonly task: TaskView;
}

/** The tasks that a command is to run in, and the instances of its pod that do not run. */
export interface ChosenTasks {
  readonly chosen: readonly ChosenTask[];
  /** `broker-2 (TASK_FAILED)`… */
  readonly away: readonly string[];
}

interface Candidate {
  readonly instance: string;
  readonly index: number;
  readonly id: string;
  readonly status: string;
}

/**
 * The tasks of `service` that `run` means; `instance` is `any`, `all` or an index. Throws
 * `not-found` for an instance that there is not, `unreachable` where none of them runs.
 */
export async function chooseTasks(
  http: Http,
  service: string,
  run: RunSpec,
  instance: string,
): Promise<ChosenTasks> {
  const { data } = await callService(http, service, { method: 'GET', rest: 'pod/status' });
  const pod = asList(asObject(data).pods)
    .map(asObject)
    .find(({ name }) => name === run.pod);
  const all = asList(pod?.instances).map(asObject);
  const candidates = all.map((one) => candidateOf(one, run)).sort((a, b) => a.index - b.index);
  const wanted = candidates.filter(({ index }) => isWanted(instance, index));
  if (wanted.length === 0) throw noInstance(service, run.pod, instance, candidates);
  const running = wanted.filter(({ status }) => status === 'RUNNING');
  const taken = instance === 'any' ? running.slice(0, 1) : running;
  const away = wanted
    .filter(({ status }) => status !== 'RUNNING')
    .map((one) => `${one.instance} (${one.status === '' ? 'no task' : one.status.toLowerCase()})`);
  if (taken.length === 0) {
    throw new DcosError('unreachable', `${service}: not running: ${away.join(', ')}`, {
      hint: `See: dcos ${service} pod status, dcos failures`,
    });
  }
  const tasks = await listTasks(http);
  const chosen = taken.map((one) => {
    const task = tasks.find(({ id }) => id === one.id);
    if (task !== undefined) return { instance: one.instance, task };
    throw new DcosError('unreachable', `the task ${one.id} has just ended`, { hint: 'Try again' });
  });
  return { chosen, away };
}

const isWanted = (instance: string, index: number): boolean =>
  instance === 'any' || instance === 'all' || Number(instance) === index;

function candidateOf(instance: Record<string, unknown>, run: RunSpec): Candidate {
  const name = String(instance.name ?? '');
  const tasks = asList(instance.tasks).map(asObject);
  const wanted = run.task === undefined ? undefined : `${name}-${run.task}`;
  const task =
    wanted === undefined ? tasks[0] : tasks.find(({ name: is, id }) => wanted === is && id);
  return {
    instance: name,
    index: Number(/-(\d+)$/.exec(name)?.[1] ?? 0),
    id: String(task?.id ?? ''),
    status: String(task?.status ?? ''),
  };
}

function noInstance(
  service: string,
  pod: string,
  instance: string,
  there: readonly Candidate[],
): DcosError {
  const names = there.map((one) => one.instance).join(', ');
  const what = /^\d+$/.test(instance) ? `no instance ${pod}-${instance}` : `no instance of ${pod}`;
  return new DcosError('not-found', `${service} has ${what}`, {
    hint: names === '' ? `See: dcos ${service} plan show deploy` : `There are: ${names}`,
  });
}
