/**
 * From the options of the package and the properties of one job to sizes: what a driver and an
 * executor take, how many there may be. Says no before anything is started. Pure.
 */
import { DcosError } from '../../core/errors.js';
import type { Environment } from '../../framework/service-environment.js';
import type { Demand, Size } from './demand.js';
import type { Job } from './state.js';

/** The options of the package that concern jobs. */
export interface ElasticSettings {
  readonly sparkVersion: string;
  readonly scalaVersion: string;
  /** What every task fetches. */
  readonly uris: readonly string[];
  /** What Python jobs fetch besides. */
  readonly pythonUris: readonly string[];
  readonly driver: { readonly cpus: number; readonly heapMb: number };
  readonly executor: { readonly cores: number; readonly heapMb: number; readonly max: number };
  /** MiB beside the heap of a driver or an executor, at least. */
  readonly overheadMb: number;
  /** MiB of the worker around an executor. */
  readonly workerMb: number;
  /** Seconds after which an executor without work goes. */
  readonly idleSeconds: number;
  /** Seconds that a job waits for its first executor before another job gives one up. */
  readonly patienceSeconds: number;
  /** Where event logs go; empty for nowhere. */
  readonly eventLogDir: string;
  /** URLs of Hadoop's configuration files. */
  readonly hadoopUris: readonly string[];
  /** Properties for jobs that don't set them. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly encrypt: boolean;
}

/** Reads the environment of the scheduler (`SPARK_…`, as `marathon.json.mustache` sets it). */
export function settingsOf(env: Environment): ElasticSettings {
  const list = (name: string): string[] => (env[name] ?? '').split(/\s+/).filter(Boolean);
  const number = (name: string): number => {
    const value = Number(env[name]);
    if (env[name] !== undefined && Number.isFinite(value)) return value;
    throw new DcosError('usage', `the environment lacks ${name}, or it is no number`);
  };
  return {
    sparkVersion: env.SPARK_VERSION ?? '',
    scalaVersion: env.SPARK_SCALA_VERSION ?? '',
    uris: list('SPARK_URIS'),
    pythonUris: list('SPARK_PYTHON_URIS'),
    driver: { cpus: number('SPARK_DRIVER_CPUS'), heapMb: number('SPARK_DRIVER_MEMORY') },
    executor: {
      cores: number('SPARK_EXECUTOR_CORES'),
      heapMb: number('SPARK_EXECUTOR_MEMORY'),
      max: number('SPARK_EXECUTOR_MAX'),
    },
    overheadMb: number('SPARK_OVERHEAD'),
    workerMb: number('SPARK_WORKER_OVERHEAD'),
    idleSeconds: number('SPARK_IDLE_SECONDS'),
    patienceSeconds: number('SPARK_PATIENCE_SECONDS'),
    eventLogDir: env.SPARK_EVENT_LOG_DIR ?? '',
    hadoopUris: list('SPARK_HADOOP_URIS'),
    defaults: propertiesOf(env.SPARK_DEFAULTS ?? ''),
    encrypt: env.SPARK_ENCRYPT === 'true',
  };
}

/** Lines `name value` or `name=value`, `#` for comments, as in `spark-defaults.conf`. */
export function propertiesOf(text: string): Record<string, string> {
  const found = text.split(/[\n;]/).flatMap((line) => {
    const parts = /^\s*([^#\s=][^\s=]*)\s*[=\s]\s*(.*?)\s*$/.exec(line);
    return parts ? [[parts[1] ?? '', parts[2] ?? ''] as const] : [];
  });
  return Object.fromEntries(found);
}

/** What a job comes to. */
export interface Plan {
  readonly name: string;
  readonly driver: Size;
  readonly worker: Size;
  readonly demand: Demand;
  readonly supervise: boolean;
}

/** Spark refuses to start with less heap than this (`UnifiedMemoryManager`), in MiB. */
export const leastHeapMb = 450;

/** Properties that the scheduler sets itself: a job that names them could not run. */
const ours = [
  'spark.master',
  'spark.submit.deployMode',
  'spark.authenticate',
  'spark.authenticate.secret',
  'spark.driver.host',
  'spark.driver.bindAddress',
  'spark.driver.port',
  'spark.driver.blockManager.port',
  'spark.blockManager.port',
  'spark.ui.port',
];

/** Sizes and numbers of a job. Throws `invalid` with all that is wrong. */
export function planOfJob(job: Job, settings: ElasticSettings): Plan {
  const wrong: string[] = [];
  const given: Readonly<Record<string, string>> = { ...settings.defaults, ...job.properties };
  for (const name of ours) {
    const harmless = name === 'spark.submit.deployMode' || name === 'spark.master';
    if (given[name] !== undefined && !harmless) wrong.push(`${name} is set by the service`);
  }
  checkJob(job, settings, wrong);
  const reader = new Reader(given, wrong);
  const heapMb = reader.memory('spark.driver.memory', settings.driver.heapMb);
  const driver: Size = {
    cpus: reader.amount('spark.driver.cores', settings.driver.cpus),
    heapMb,
    memMb: heapMb + reader.memory('spark.driver.memoryOverhead', overheadOf(heapMb, settings)),
    cores: 1,
  };
  const cores = reader.whole('spark.executor.cores', settings.executor.cores);
  const executorMb = reader.memory('spark.executor.memory', settings.executor.heapMb);
  const overheadMb = reader.memory(
    'spark.executor.memoryOverhead',
    overheadOf(executorMb, settings),
  );
  const memMb = executorMb + overheadMb + settings.workerMb;
  const worker: Size = { cpus: cores, heapMb: executorMb, memMb, cores };
  for (const [what, size] of [
    ['spark.driver.memory', driver],
    ['spark.executor.memory', worker],
  ] as const) {
    if (size.heapMb < leastHeapMb) {
      wrong.push(`${what} is ${size.heapMb}m; Spark needs at least ${leastHeapMb}m`);
    }
  }
  const demand = demandOf(reader, cores, settings);
  const supervise = reader.flag('spark.driver.supervise', false);
  if (wrong.length > 0) {
    throw new DcosError('invalid', `the job cannot run: ${wrong.join('; ')}`, { status: 400 });
  }
  const name = given['spark.app.name'] ?? (job.mainClass || job.appResource.replace(/.*\//, ''));
  return { name, driver, worker, demand, supervise };
}

function overheadOf(heapMb: number, { overheadMb }: ElasticSettings): number {
  return Math.max(overheadMb, Math.ceil(heapMb / 10));
}

function checkJob(job: Job, settings: ElasticSettings, wrong: string[]): void {
  const python = isPython(job);
  if (job.appResource === '') wrong.push('there is no application: a jar or a Python file');
  if (/\.[rR]$/.test(job.appResource)) wrong.push('R is not part of this package');
  if (!python && job.mainClass === '' && /^[a-z0-9]+:/i.test(job.appResource) === false) {
    wrong.push(`the application ${job.appResource} is no URI`);
  }
  if (!python && job.mainClass === '') wrong.push('--class is missing: the main class of the jar');
  if (python && settings.pythonUris.length === 0) wrong.push('this service has no Python');
  for (const name of Object.keys(job.environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) wrong.push(`'${name}' is no name of a variable`);
  }
}

/** Whether the application is a Python file. */
export function isPython({ appResource }: Job): boolean {
  return /\.(py|zip|egg)$/.test(appResource.replace(/[?#].*$/, ''));
}

function demandOf(reader: Reader, cores: number, settings: ElasticSettings): Demand {
  const most = reader.optional('spark.cores.max');
  const fixed = reader.optional('spark.executor.instances');
  const limit = most === undefined ? undefined : Math.floor(most / cores);
  if (limit === 0) reader.wrong.push(`spark.cores.max is below spark.executor.cores (${cores})`);
  const dynamic = reader.flag('spark.dynamicAllocation.enabled', fixed === undefined);
  if (!dynamic) return { kind: 'fixed', count: fixed ?? limit ?? 1 };
  const max = reader.whole(
    'spark.dynamicAllocation.maxExecutors',
    Math.min(limit ?? settings.executor.max, settings.executor.max),
    0,
  );
  const min = reader.whole('spark.dynamicAllocation.minExecutors', 0, 0);
  const initial = reader.whole('spark.dynamicAllocation.initialExecutors', fixed ?? min, 0);
  if (min > max) {
    reader.wrong.push(`spark.dynamicAllocation.minExecutors (${min}) is above the most (${max})`);
  }
  return { kind: 'dynamic', min, initial: Math.min(Math.max(initial, min), max), max };
}

/** Reads properties and notes those that cannot be read. */
class Reader {
  readonly wrong: string[];
  readonly #properties: Readonly<Record<string, string>>;

  constructor(properties: Readonly<Record<string, string>>, wrong: string[]) {
    this.#properties = properties;
    this.wrong = wrong;
  }

  amount(name: string, otherwise: number): number {
    const text = this.#properties[name];
    const value = text === undefined ? otherwise : Number(text);
    if (value > 0 && Number.isFinite(value)) return value;
    this.wrong.push(`${name} is '${text}', not a number above 0`);
    return otherwise;
  }

  whole(name: string, otherwise: number, least = 1): number {
    const text = this.#properties[name];
    const value = text === undefined ? otherwise : Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    this.wrong.push(`${name} is '${text}', not a whole number of at least ${least}`);
    return otherwise;
  }

  optional(name: string): number | undefined {
    return this.#properties[name] === undefined ? undefined : this.whole(name, 1);
  }

  flag(name: string, otherwise: boolean): boolean {
    const text = this.#properties[name];
    if (text === undefined) return otherwise;
    if (text !== 'true' && text !== 'false') this.wrong.push(`${name} is neither true nor false`);
    return text === 'true';
  }

  memory(name: string, otherwise: number): number {
    const text = this.#properties[name];
    const value = text === undefined ? otherwise : mebibytes(text);
    if (value !== undefined && value > 0) return value;
    this.wrong.push(`${name} is '${text}', not a size like 512m or 2g`);
    return otherwise;
  }
}

/** `512m`, `2g`, `1024` (MiB, as Spark reads it); `undefined` if it is no size. */
export function mebibytes(text: string): number | undefined {
  const parts = /^(\d+)\s*([kmgt]?)(i?b)?$/i.exec(text.trim());
  if (!parts) return undefined;
  const unit = { k: 1 / 1024, m: 1, g: 1024, t: 1024 * 1024 }[(parts[2] || 'm').toLowerCase()] ?? 1;
  return Math.ceil(Number(parts[1]) * unit);
}
